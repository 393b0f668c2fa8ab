// Every single change of a small safetensors file: what is accepted must be a valid file by a second, simpler
// judgement.

#include <cstdlib>
#include <random>
#include <set>

#include "core/base/safetensors_header.h"
#include "core/io/safetensors_file.h"
#include "tests/fuzz/mutants.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

const std::string kHeader =
    R"({"__metadata__":{"k":"v"},"ab":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
    R"("cd":{"dtype":"U8","shape":[4],"data_offsets":[24,28]},"ef":{"dtype":"F16","shape":[],"data_offsets":[28,30]}} )";

std::string small_file() {
  std::string data;
  for (char c = 0; c < 30; ++c) data += c;
  return safetensors_bytes(kHeader, data);
}

/// Does a name stand twice in an object, or something deeper than the lists of a tensor?
bool has_double_or_depth(const std::string& json) {
  std::vector<std::set<std::string>> names;  // of the objects that are open
  bool found = false;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    using Event = Json::parse_event_t;
    if ((event == Event::object_start || event == Event::array_start) && depth > 2) found = true;
    if (event == Event::object_start) names.emplace_back();
    if (event == Event::object_end) names.pop_back();
    if (event == Event::key && !names.back().insert(value.get<std::string>()).second) found = true;
    return true;
  };
  Json::parse(json, watch, /*allow_exceptions=*/false);
  return found;
}

bool is_whole_number(const Json& value) { return value.is_number_unsigned() && value.get<uint64_t>() < 1000000; }

/// Is one entry a tensor of this format? Marks the bytes that it covers.
bool covers(Json& entry, std::vector<int>& covered) {
  static const std::map<std::string, uint64_t> kSizes = {{"F64", 8},  {"I64", 8}, {"F32", 4}, {"I32", 4}, {"F16", 2},
                                                         {"BF16", 2}, {"I16", 2}, {"I8", 1},  {"U8", 1},  {"BOOL", 1}};
  if (!entry.is_object()) return false;
  if (!entry["dtype"].is_string() || !entry["shape"].is_array()) return false;  // null when they are not there
  const auto size = kSizes.find(entry["dtype"].get<std::string>());
  uint64_t bytes = size == kSizes.end() ? 1 : size->second;
  for (const Json& side : entry["shape"]) {
    if (!is_whole_number(side)) return false;
    bytes *= side.get<uint64_t>();
  }
  const Json& range = entry["data_offsets"];
  if (!range.is_array() || range.size() != 2 || !is_whole_number(range[0]) || !is_whole_number(range[1])) return false;
  const uint64_t begin = range[0].get<uint64_t>(), end = range[1].get<uint64_t>();
  if (begin > end || end > covered.size()) return false;
  if (size != kSizes.end() && end - begin != bytes) return false;  // of other dtypes the size is not known
  for (uint64_t i = begin; i < end; ++i) ++covered[i];
  return true;
}

/// The format's rules once more, for small files: every byte of data belongs to exactly one tensor.
bool is_valid(const std::string& file) {
  if (file.size() < 8) return false;
  uint64_t length = 0;
  for (size_t i = 8; i-- > 0;) length = length * 256 + static_cast<unsigned char>(file[i]);
  if (length > file.size() - 8) return false;
  const std::string text = file.substr(8, length);
  Json header = Json::parse(text, nullptr, false);
  if (text.empty() || text[0] != '{' || text.find('\0') != std::string::npos || !header.is_object()) return false;
  if (has_double_or_depth(text)) return false;
  if (header.contains("__metadata__")) {
    if (!header["__metadata__"].is_object()) return false;
    for (const Json& value : header["__metadata__"])
      if (!value.is_string()) return false;
    header.erase("__metadata__");
  }
  std::vector<int> covered(file.size() - 8 - length);
  for (Json& entry : header)
    if (!covers(entry, covered)) return false;
  for (const int times : covered)
    if (times != 1) return false;
  return true;
}

/// Opens a file and reads every byte of every tensor.
void read_all(const std::filesystem::path& path) {
  const auto file = SafetensorsFile::open(path);
  for (const auto& [name, info] : file->index().tensors)
    if (info.dtype != DType::other) file->tensor(name).clone();
}

}  // namespace

TEST_CASE("every byte of a small header changed to every value is refused, or a valid file") {
  const TempFolder folder;
  const std::string original = small_file();
  REQUIRE(is_valid(original));
  size_t mutants = 0, accepted = 0;
  each_changed_byte(original, 8 + kHeader.size(), [&](const std::string& mutant) {
    ++mutants;
    const bool read = reads_or_tells([&] { parse_safetensors_header(mutant, mutant.size(), "mutant"); });
    if (read != is_valid(mutant))
      FAIL((read ? "wrongly accepted: " : "wrongly refused: ") << mutant.substr(8, kHeader.size()));
    if (!read) return;
    ++accepted;
    read_all(folder.write("mutant", mutant));
  });
  CHECK(mutants == 255 * (8 + kHeader.size()));
  // What may change: 16 letters of names, metadata and dtypes, each to the 93 other characters that a JSON string holds
  // as they are (0x20 to 0x7F but quote and backslash): a dtype that is not known refuses nothing until it is used, and
  // no other dtype of one letter's difference has another size; "ab" and "ef" to the escapes "\b" and "\f"; the blank at
  // the end to three others.
  CHECK(accepted == 16 * 93 + 2 + 3);
}

TEST_CASE("several changes of a header at once are refused, or a valid file") {
  // Bytes that mean something in JSON, pieces of a header, and whole words of it put elsewhere.
  const std::vector<std::string> pieces = {
      "\"", "{", "}", "[", "]", ",", ":", "\\", "0", "-1", "1e3", "null", "true", " ", "\"ab\"", "\"dtype\"", "\"shape\"",
      "\"data_offsets\"", "\"__metadata__\"", "[0,24]", "[2,3]", "\"F32\"", "\"U32\"", "\"x\":1,", "\"x\":{\"y\":[]},", "\xc3"};
  std::mt19937 random(7);
  const auto below = [&](size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random); };
  const size_t rounds = std::getenv("ALICE_LONG") != nullptr ? 2'000'000 : 40'000;
  const std::string data = small_file().substr(8 + kHeader.size());
  size_t accepted = 0;
  for (size_t round = 0; round < rounds; ++round) {
    std::string header = kHeader;
    for (size_t change = 1 + below(3); change-- > 0;) {
      const size_t at = below(header.size()), length = below(std::min<size_t>(header.size() - at, 12) + 1);
      header.replace(at, below(2) * length, pieces[below(pieces.size())]);
    }
    const std::string mutant = safetensors_bytes(header, data);
    const bool read = reads_or_tells([&] { parse_safetensors_header(mutant, mutant.size(), "mutant"); });
    if (read != is_valid(mutant)) FAIL((read ? "wrongly accepted: " : "wrongly refused: ") << header);
    accepted += read;
  }
  CHECK(accepted > rounds / 1000);  // further members, blanks, other names
  CHECK(accepted < rounds / 4);
}

TEST_CASE("a file that is cut at any byte, or has a byte too many, is refused") {
  const TempFolder folder;
  const std::string original = small_file();
  each_cut(original, [&](const std::string& cut) {
    CHECK_FALSE(reads_or_tells([&] { parse_safetensors_header(cut, cut.size(), "cut"); }));
    const auto path = folder.write("cut", cut);
    CHECK_FALSE(reads_or_tells([&] { SafetensorsFile::open(path); }));
    CHECK_FALSE(reads_or_tells([&] { read_safetensors_header(path); }));
  });
  CHECK_FALSE(reads_or_tells([&] { read_all(folder.write("longer", original + "x")); }));
}

TEST_CASE("both readers of a header judge alike") {
  const TempFolder folder;
  const std::string original = small_file();
  // From a file every 97th change: a prime, so that all values and places have their turn.
  size_t turn = 0;
  each_changed_byte(original, 8 + kHeader.size(), [&](const std::string& mutant) {
    if (turn++ % 97 != 0) return;
    const auto path = folder.write("mutant", mutant);
    CHECK(reads_or_tells([&] { read_safetensors_header(path); }) ==
          reads_or_tells([&] { SafetensorsFile::open(path); }));
  });
}
