// Changes of small GGUF files: whatever is accepted lies within its file, and nothing else happens than an error with a
// sentence.

#include <cstdlib>
#include <random>

#include "core/io/gguf_header.h"
#include "core/io/open_tensors.h"
#include "tests/fuzz/mutants.h"
#include "tests/support/gguf_bytes.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

std::string small_file() {
  const std::string strings = gguf_number(8, 4) + gguf_number(2, 8) + gguf_text("ab") + gguf_text("c");
  return gguf_bytes({{"q", {64, 1}, 8, std::string(68, '\5')},
                     {"k", {256}, 12, std::string(144, '\7')},
                     {"f", {3, 2}, 1, std::string(12, 'x')}},
                    {gguf_fact("general.architecture", 8, gguf_text("sd1")), gguf_shape_fact("q", {2, 8, 2, 2}),
                     gguf_fact("general.alignment", 4, gguf_number(32, 4)), gguf_fact("list", 9, strings),
                     gguf_fact("real", 6, "1234"), gguf_fact("yes", 7, "\1")});
}

bool reads_within(const std::string& file) {
  return reads_or_tells([&] {
    const GgufHeader header = read_gguf_header(file, "mutant");
    std::vector<int> covered(file.size());
    bool overlaps = false;
    for (const auto& [name, info] : header.index.tensors) {
      const GgufType* type = header.types.at(name);
      REQUIRE(info.begin <= info.end);
      REQUIRE(info.end <= file.size());
      if (info.dtype == DType::other) continue;
      const auto elements = static_cast<uint64_t>(info.elements());
      REQUIRE(info.end - info.begin == elements / type->block_elements * type->block_bytes);
      for (uint64_t at = info.begin; at < info.end; ++at) overlaps = overlaps || ++covered[at] > 1;
    }
    REQUIRE_FALSE(overlaps);
  });
}

void read_all(const std::filesystem::path& path) {
  const auto source = open_tensors(path).weights;
  for (const auto& [name, info] : source->index().tensors)
    if (info.dtype != DType::other) source->tensor(name).clone();
}

}  // namespace

TEST_CASE("every byte of a small GGUF file's head changed to every value is refused, or lies within the file") {
  const std::string original = small_file();
  const size_t head = original.size() - 96 - 160 - 32;  // without the data
  REQUIRE(reads_within(original));
  size_t accepted = 0;
  each_changed_byte(original, head, [&](const std::string& mutant) { accepted += reads_within(mutant); });
  CHECK(accepted > 255 * 10);        // facts' values, padding
  CHECK(accepted < 255 * head / 2);  // most of it means something
}

TEST_CASE("a GGUF file that is cut at any byte of its head or its last tensor is refused") {
  const std::string original = small_file();
  const size_t padding = 32 - 12;
  each_cut(original.substr(0, original.size() - padding),
           [](const std::string& cut) { CHECK_FALSE(reads_within(cut)); });
}

TEST_CASE("several changes of a GGUF file at once are refused, or read within it") {
  const TempFolder folder;
  const std::string original = small_file();
  const std::vector<std::string> pieces = {gguf_number(0, 8),
                                           gguf_number(1, 8),
                                           gguf_number(~uint64_t{0}, 8),
                                           gguf_number(uint64_t{1} << 62, 8),
                                           gguf_number(256, 8),
                                           gguf_number(9, 4),
                                           gguf_number(8, 4),
                                           gguf_text("q"),
                                           gguf_shape_fact("q", {8, 8}),
                                           "GGUF",
                                           std::string(32, '\0')};
  std::mt19937 random(5);
  const auto below = [&](size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random); };
  const size_t rounds = std::getenv("ALICE_LONG") != nullptr ? 1'000'000 : 20'000;
  size_t accepted = 0;
  for (size_t round = 0; round < rounds; ++round) {
    std::string mutant = original;
    for (size_t change = 1 + below(3); change-- > 0;) {
      const size_t at = 4 + below(mutant.size() - 4), which = below(3);
      if (which == 0) mutant[at] = static_cast<char>(below(256));
      const std::string& piece = pieces[below(pieces.size())];
      if (which == 1) mutant.replace(at, std::min(piece.size(), mutant.size() - at), piece);
      if (which == 2) mutant.insert(at, piece);
    }
    constexpr size_t kWritten = 10;  // a file of so many that are accepted: writing takes most of the time
    if (reads_within(mutant) && ++accepted % kWritten == 0) read_all(folder.write("mutant", mutant));
  }
  CHECK(accepted > rounds / 100);
  CHECK(accepted < rounds);
}
