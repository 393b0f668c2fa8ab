#include "core/base/safetensors_header.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <utility>

#include "core/base/utf8.h"

namespace alice {
namespace {

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kLongestHeader = 100'000'000;  // the reference implementation's limit
constexpr int kDeepest = 3;                       // file { tensor { shape [ ] } }
constexpr size_t kMostSides = 64;                 // more than ATen's iterators take
constexpr uint64_t kMostElements = uint64_t{1} << 62;
constexpr const char* kMetadata = "__metadata__";

[[noreturn]] void fail(const std::string& place, const std::string& sentence) {
  throw Error(ErrorCode::bad_weights, place, sentence);
}

[[noreturn]] void fail(const std::string& place, const std::string& tensor, const std::string& sentence) {
  fail(place, "tensor '" + brief(tensor) + "' " + sentence);
}

uint64_t header_length(std::string_view head, uint64_t file_size, const std::string& place) {
  if (file_size < kLengthBytes || head.size() < kLengthBytes)
    fail(place,
         "is " + std::to_string(file_size) + " bytes long; a safetensors file begins with 8 bytes of header length");
  uint64_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) length |= uint64_t{static_cast<unsigned char>(head[i])} << (8 * i);
  if (length > kLongestHeader)
    fail(place, "says that its header has " + std::to_string(length) + " bytes; at most " +
                    std::to_string(kLongestHeader) + " are read, so this is no safetensors file");
  if (length > file_size - kLengthBytes)
    fail(place, "says that its header has " + std::to_string(length) + " bytes, but only " +
                    std::to_string(file_size - kLengthBytes) + " follow: it is cut off, or no safetensors file");
  return length;
}

/// Parses the header's JSON. The parser keeps the last of two equal names and takes any depth, so both are watched for
/// here.
Json parse_header_json(std::string_view text, const std::string& place) {
  if (text.empty() || text.front() != '{') fail(place, "has a header that does not begin with '{'");
  if (text.find('\0') != text.npos)
    fail(place, "has a zero byte in its header");  // the parser would take it for the end
  std::vector<std::set<std::string>> names;        // of the objects that are open
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    using Event = Json::parse_event_t;
    if ((event == Event::object_start || event == Event::array_start) && depth >= kDeepest)
      fail(place, "has a header nested deeper than the format's " + std::to_string(kDeepest) + " levels");
    if (event == Event::object_start) names.emplace_back();
    if (event == Event::object_end) names.pop_back();
    if (event == Event::key && !names.back().insert(value.get<std::string>()).second)
      fail(place, "has the name '" + brief(value.get<std::string>()) + "' twice in its header");
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const Json::exception& e) {
    fail(place, "has a header that is no valid JSON: " + brief(e.what()));
  }
}

std::map<std::string, std::string> read_metadata(const Json& metadata, const std::string& place) {
  if (!metadata.is_object()) fail(place, "has a __metadata__ that is no object of strings");
  std::map<std::string, std::string> out;
  for (const auto& member : metadata.items()) {
    if (!member.value().is_string())
      fail(place, "has a __metadata__ member '" + brief(member.key()) + "' that is no string");
    out[member.key()] = member.value().get<std::string>();
  }
  return out;
}

/// Reads entry["shape"] into `shape`; returns the number of elements.
uint64_t read_shape(const Json& sides, const std::string& name, const std::string& place, std::vector<int64_t>& shape) {
  if (!sides.is_array() || sides.size() > kMostSides)
    fail(place, name, "needs a \"shape\": a list of at most " + std::to_string(kMostSides) + " sides");
  uint64_t extent = 1;  // the product with zeros counted as ones: what strides are computed from
  bool empty = false;
  for (const Json& side : sides) {
    if (!side.is_number_unsigned()) fail(place, name, "has a side in its shape that is no whole number of at least 0");
    const uint64_t length = side.get<uint64_t>();
    if (length > kMostElements / extent)
      fail(place, name, "has a shape of more than 2^62 elements: " + dump_json(sides));
    extent *= std::max<uint64_t>(length, 1);
    empty = empty || length == 0;
    shape.push_back(static_cast<int64_t>(length));
  }
  return empty ? 0 : extent;
}

/// Reads entry["data_offsets"], counted from `data_begin`, into begin and end, counted from the start of the file.
void read_range(const Json& offsets, uint64_t data_begin, uint64_t file_size, const std::string& place,
                TensorInfo& info) {
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned())
    fail(place, info.name, "needs \"data_offsets\": a list of two whole numbers of at least 0");
  const uint64_t begin = offsets[0].get<uint64_t>(), end = offsets[1].get<uint64_t>(),
                 data_size = file_size - data_begin;
  if (begin > end || end > data_size)
    fail(place, info.name,
         "has data_offsets " + dump_json(offsets) + " that lie outside the file's " + std::to_string(data_size) +
             " bytes of data");
  info.begin = data_begin + begin;
  info.end = data_begin + end;
}

TensorInfo read_tensor(const std::string& name, const Json& entry, uint64_t data_begin, uint64_t file_size,
                       const std::string& place) {
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") ||
      !entry.contains("data_offsets"))
    fail(place, name, "needs the members dtype, shape and data_offsets, and no others");
  TensorInfo info;
  info.name = name;
  if (!entry["dtype"].is_string() || !dtype_from_string(entry["dtype"].get<std::string>(), info.dtype))
    fail(place, name,
         "has the dtype " + brief(dump_json(entry["dtype"])) +
             "; F64, F32, F16, BF16, I64, I32, I16, I8, U8 and BOOL are known");
  const uint64_t elements = read_shape(entry["shape"], name, place, info.shape);
  read_range(entry["data_offsets"], data_begin, file_size, place, info);
  const uint64_t bytes = info.end - info.begin, element_bytes = size_of(info.dtype);
  if (bytes % element_bytes != 0 || bytes / element_bytes != elements)
    fail(place, name,
         "has " + std::to_string(bytes) + " bytes of data, which does not fit " + to_string(info.dtype) + " of shape " +
             shape_text(info.shape));
  return info;
}

/// The format wants the data filled exactly: tensor after tensor up to the end of the file.
void check_ranges(const TensorIndex& index, uint64_t data_begin, uint64_t file_size, const std::string& place) {
  std::vector<const TensorInfo*> in_order;
  for (const auto& [name, info] : index.tensors) in_order.push_back(&info);
  std::sort(in_order.begin(), in_order.end(), [](const TensorInfo* a, const TensorInfo* b) {
    return std::make_pair(a->begin, a->end) < std::make_pair(b->begin, b->end);
  });
  uint64_t filled = data_begin;
  std::string previous;
  for (const TensorInfo* info : in_order) {
    if (info->begin < filled) fail(place, info->name, "overlaps tensor '" + brief(previous) + "'");
    if (info->begin > filled)
      fail(place, info->name, "leaves a hole of " + std::to_string(info->begin - filled) + " bytes before it");
    filled = info->end;
    previous = info->name;
  }
  if (filled != file_size)
    fail(place, "has " + std::to_string(file_size - filled) + " bytes behind its last tensor, which belong to none");
}

}  // namespace

TensorIndex parse_safetensors_header(std::string_view head, uint64_t file_size, const std::string& place) {
  const uint64_t length = header_length(head, file_size, place);
  const uint64_t data_begin = kLengthBytes + length;
  if (head.size() < data_begin) fail(place, "ended while its header was read: it is being changed");
  const Json header = parse_header_json(head.substr(kLengthBytes, length), place);

  TensorIndex index;
  index.place = place;
  index.files = {place};
  for (const auto& member : header.items()) {
    if (member.key() == kMetadata)
      index.metadata = read_metadata(member.value(), place);
    else
      index.tensors.emplace(member.key(), read_tensor(member.key(), member.value(), data_begin, file_size, place));
  }
  check_ranges(index, data_begin, file_size, place);
  return index;
}

TensorIndex read_safetensors_header(const std::filesystem::path& file) {
  const std::string place = file.string();
  std::error_code status;
  if (!std::filesystem::is_regular_file(file, status))  // follows links; a pipe would block
    throw Error(ErrorCode::not_found, place, status ? "cannot be read: " + status.message() : "is no regular file");
  const uint64_t file_size = std::filesystem::file_size(file, status);
  std::ifstream in(file, std::ios::binary);
  if (status || !in) throw Error(ErrorCode::not_found, place, "cannot be opened for reading");

  std::string head(std::min(file_size, kLengthBytes), '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  const uint64_t length = header_length(head, file_size, place);
  head.resize(kLengthBytes + length);
  in.read(head.data() + kLengthBytes, static_cast<std::streamsize>(length));
  if (!in) fail(place, "cannot be read to the end of its header");
  return parse_safetensors_header(head, file_size, place);
}

}  // namespace alice
