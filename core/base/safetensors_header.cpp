#include "core/base/safetensors_header.h"

#include <algorithm>
#include <utility>

#include "core/base/foreign_file.h"
#include "core/base/regular_file.h"
#include "core/base/safetensors_entries.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kLongestHeader = 16u << 20;  // a model of 3,000 tensors has half a megabyte
constexpr uint64_t kMostElements = uint64_t{1} << 62;
constexpr size_t kLongestDType = 32;
constexpr size_t kToldApart = 256;  // bytes at the start that tell another kind of file

[[noreturn]] void fail(const std::string& place, const std::string& sentence) {
  throw Error(ErrorCode::bad_weights, place, sentence);
}

[[noreturn]] void fail(const std::string& place, const std::string& tensor, const std::string& sentence) {
  fail(place, "tensor '" + brief(tensor) + "' " + sentence);
}

uint64_t header_length(std::string_view head, uint64_t file_size, const std::string& place) {
  // What cannot be a safetensors file is called what it is, where that can be told.
  const auto refuse = [&](const std::string& otherwise) {
    const std::string known = called_what_it_is(head, file_size);
    fail(place, known.empty() ? otherwise : known);
  };
  if (file_size < kLengthBytes || head.size() < kLengthBytes)
    refuse("is " + std::to_string(file_size) + " bytes long; a safetensors file begins with 8 bytes of header length");
  uint64_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) length |= uint64_t{static_cast<unsigned char>(head[i])} << (8 * i);
  const std::string says = "says that its header has " + std::to_string(length) + " bytes";
  if (length == 0) refuse(says);
  if (length > kLongestHeader)
    refuse(says + "; at most " + std::to_string(kLongestHeader) + " are read, so this is no safetensors file");
  if (length > file_size - kLengthBytes)
    refuse(says + ", but only " + std::to_string(file_size - kLengthBytes) +
           " follow: it is cut off, or no safetensors file");
  return length;
}

/// Checks a shape and takes it over; returns the number of elements.
uint64_t take_shape(const SafetensorsEntry& entry, const std::string& place, TensorInfo& info) {
  uint64_t extent = 1;  // the product with zeros counted as ones: what strides are computed from
  bool empty = false;
  for (const uint64_t side : entry.shape) {
    if (side > kMostElements / extent)
      fail(place, info.name, "has a shape of more than 2^62 elements: " + dump_json(entry.shape));
    extent *= std::max<uint64_t>(side, 1);
    empty = empty || side == 0;
    info.shape.push_back(static_cast<int64_t>(side));
  }
  return empty ? 0 : extent;
}

/// From data_offsets, counted from `data_begin`, to begin and end, counted from the start of the file.
void take_range(const SafetensorsEntry& entry, uint64_t data_begin, uint64_t file_size, const std::string& place,
                TensorInfo& info) {
  const uint64_t begin = entry.data_offsets[0], end = entry.data_offsets[1], data_size = file_size - data_begin;
  if (begin > end || end > data_size)
    fail(place, info.name,
         "has data_offsets " + dump_json(entry.data_offsets) + " that lie outside the file's " +
             std::to_string(data_size) + " bytes of data" +
             (begin > end ? "" : ": is its download complete? Compare its size with the original's"));
  info.begin = data_begin + begin;
  info.end = data_begin + end;
}

TensorInfo take_tensor(const std::string& name, const SafetensorsEntry& entry, uint64_t data_begin, uint64_t file_size,
                       const std::string& place) {
  TensorInfo info;
  info.name = name;
  if (!dtype_from_string(entry.dtype, info.dtype)) {
    info.dtype = DType::other;
    info.other_dtype = brief(entry.dtype, kLongestDType);
  }
  const uint64_t elements = take_shape(entry, place, info);
  take_range(entry, data_begin, file_size, place, info);
  const uint64_t bytes = info.end - info.begin, element_bytes = size_of(info.dtype);
  if (element_bytes != 0 && (bytes % element_bytes != 0 || bytes / element_bytes != elements))
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
  SafetensorsEntries entries = read_safetensors_entries(head.substr(kLengthBytes, length), place);

  TensorIndex index;
  index.place = place;
  index.files = {place};
  index.metadata = std::move(entries.metadata);
  for (const auto& [name, entry] : entries.tensors)
    index.tensors.emplace_hint(index.tensors.end(), name, take_tensor(name, entry, data_begin, file_size, place));
  check_ranges(index, data_begin, file_size, place);
  return index;
}

TensorIndex read_safetensors_header(const std::filesystem::path& file) {
  const RegularFile opened(file);
  const std::string place = file.string();
  const std::string head = opened.read(0, std::min<uint64_t>(opened.size(), kToldApart));
  const uint64_t length = header_length(head, opened.size(), place);
  return parse_safetensors_header(opened.read(0, kLengthBytes + length), opened.size(), place);
}

}  // namespace alice
