#include "core/io/gguf_header.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <sstream>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

constexpr size_t kLongestHead = size_t{64} << 20;
constexpr uint64_t kMostTensors = 100'000, kMostFacts = 100'000, kMostElements = uint64_t{1} << 62;
constexpr size_t kLongestText = 1'000, kLongestName = 1'000;
constexpr uint32_t kMostSides = 4;
constexpr int kDeepest = 4;  // lists in lists
constexpr uint64_t kUsualAlignment = 32, kMostAlignment = 1 << 20;
constexpr const char* kAlignment = "general.alignment";
constexpr const char* kShapeOf = "comfy.gguf.orig_shape.";

/// The types of a fact's value (docs/gguf.md, gguf_metadata_value_type), by number; bytes of one.
enum Fact : uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, text, list, u64, i64, f64 };
constexpr size_t kBytesOfFact[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

template <class Number>
Number number_in(std::string_view bytes) {
  Number value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::string real_text(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

class Reader {
 public:
  Reader(std::string_view file, const std::string& place)
      : file_(file), head_(file.substr(0, kLongestHead)), place_(place) {
    out_.index.place = place;
    out_.index.files = {place};
  }

  GgufHeader read() {
    check_version();
    const uint64_t tensors = next<uint64_t>(), facts = next<uint64_t>();
    if (tensors > kMostTensors) fail("says that it has " + std::to_string(tensors) + " tensors: no model has so many");
    if (facts > kMostFacts) fail("says that it has " + std::to_string(facts) + " facts: no model has so many");
    for (uint64_t i = 0; i < facts; ++i) read_fact();
    for (uint64_t i = 0; i < tensors; ++i) read_tensor();
    place_tensors();
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& sentence) const { throw Error(ErrorCode::bad_weights, place_, sentence); }
  [[noreturn]] void fail_tensor(const std::string& name, const std::string& sentence) const {
    fail("tensor '" + brief(name) + "' " + sentence);
  }

  std::string_view take(uint64_t count) {
    if (count > head_.size() - at_) {
      if (head_.size() < file_.size()) fail("has a head of more than " + std::to_string(kLongestHead) + " bytes");
      fail("ends within its head: it is cut off");
    }
    const std::string_view taken = head_.substr(at_, count);
    at_ += count;
    return taken;
  }
  template <class Number>
  Number next() {
    return number_in<Number>(take(sizeof(Number)));
  }
  std::string_view next_text() { return take(next<uint64_t>()); }

  void check_version() {
    constexpr uint32_t kMagicBytes = 4, kLowest = 2, kHighest = 3;
    take(kMagicBytes);
    const auto version = next<uint32_t>();
    if (version >= kLowest && version <= kHighest) return;
    const bool is_turned = (version & 0xffff) == 0 && version != 0;
    throw Error(ErrorCode::unsupported, place_,
                is_turned ? "is a GGUF file of a big-endian machine, whose numbers are not read"
                          : "is a GGUF file of version " + std::to_string(version) + "; 2 and 3 are read");
  }

  // --- Facts.

  void read_fact() {
    const std::string key = checked_name(next_text(), "a fact");
    const auto type = next<uint32_t>();
    if (key.rfind(kShapeOf, 0) == 0 && type == list) return read_shape(key.substr(std::strlen(kShapeOf)));
    std::string value = read_value(type, 0);
    if (key == kAlignment) read_alignment(value);
    if (!out_.index.metadata.emplace(key, std::move(value)).second) fail("has the fact '" + brief(key) + "' twice");
  }

  std::string read_value(uint32_t type, int depth) {
    switch (type) {
      case u8: return std::to_string(next<uint8_t>());
      case i8: return std::to_string(next<int8_t>());
      case u16: return std::to_string(next<uint16_t>());
      case i16: return std::to_string(next<int16_t>());
      case u32: return std::to_string(next<uint32_t>());
      case i32: return std::to_string(next<int32_t>());
      case f32: return real_text(next<float>());
      case boolean: return next<uint8_t>() == 0 ? "false" : "true";
      case text: return encode_utf8(decode_utf8(brief(next_text(), kLongestText)));
      case list: return read_list(depth);
      case u64: return std::to_string(next<uint64_t>());
      case i64: return std::to_string(next<int64_t>());
      case f64: return real_text(next<double>());
      default: fail("has a fact of an unknown type " + std::to_string(type));
    }
  }

  /// Passed over.
  std::string read_list(int depth) {
    if (depth == kDeepest) fail("has lists in one another deeper than " + std::to_string(kDeepest) + " levels");
    const auto type = next<uint32_t>();
    const auto count = next<uint64_t>();
    if (type > f64) fail("has a list of an unknown type " + std::to_string(type));
    if (const size_t bytes = kBytesOfFact[type]; bytes != 0)
      take(count > kLongestHead ? count : count * bytes);  // more than the head has: fails
    else
      for (uint64_t i = 0; i < count; ++i) type == text ? (void)next_text() : (void)read_list(depth + 1);
    return "[" + std::to_string(count) + " values]";
  }

  void read_shape(const std::string& name) {
    const auto type = next<uint32_t>();
    const auto count = next<uint64_t>();
    if (type != i32 || count > kMostSides + 1) fail_tensor(name, "has an original shape that is none");
    std::vector<int64_t> shape;
    for (uint64_t i = 0; i < count; ++i) shape.push_back(next<int32_t>());
    if (std::any_of(shape.begin(), shape.end(), [](int64_t side) { return side < 0; }))
      fail_tensor(name, "has an original shape that is none");
    shapes_[name] = std::move(shape);
  }

  void read_alignment(const std::string& value) {
    constexpr size_t kMostDigits = 8;
    const bool is_number =
        !value.empty() && value.size() <= kMostDigits && value.find_first_not_of("0123456789") == value.npos;
    alignment_ = is_number ? std::stoull(value) : 0;
    const bool is_power = alignment_ != 0 && (alignment_ & (alignment_ - 1)) == 0;
    if (!is_power || alignment_ > kMostAlignment) fail("has an alignment that is none: " + brief(value));
  }

  std::string checked_name(std::string_view name, const char* of) const {
    if (name.size() > kLongestName) fail(std::string("has the name of ") + of + " of more than 1000 bytes");
    std::string text(name);
    if (text.find('\0') != text.npos || encode_utf8(decode_utf8(text)) != text)
      fail(std::string("has the name of ") + of + " that is no text");
    return text;
  }

  // --- Tensors.

  void read_tensor() {
    TensorInfo info;
    info.name = checked_name(next_text(), "a tensor");
    const auto sides = next<uint32_t>();
    if (sides > kMostSides) fail_tensor(info.name, "has " + std::to_string(sides) + " sides; at most 4 are read");
    uint64_t extent = 1;  // the product with zeros counted as ones
    for (uint32_t i = 0; i < sides; ++i) {
      const auto side = next<uint64_t>();
      if (side > kMostElements / extent) fail_tensor(info.name, "has a shape of more than 2^62 elements");
      extent *= std::max<uint64_t>(side, 1);
      info.shape.insert(info.shape.begin(), static_cast<int64_t>(side));
    }
    const auto id = next<uint32_t>();
    info.begin = next<uint64_t>();  // from the beginning of the data, which is not known yet
    const GgufType* type = gguf_type(id);
    take_type(type, id, info);
    const std::string name = info.name;
    if (!out_.index.tensors.emplace(name, std::move(info)).second) fail_tensor(name, "comes twice");
    out_.types[name] = type;
  }

  /// `end` becomes the number of bytes.
  void take_type(const GgufType* type, uint32_t id, TensorInfo& info) {
    info.dtype = type == nullptr ? DType::other : type->dtype;
    if (info.dtype == DType::other || type->unpack != nullptr)
      info.other_dtype = type == nullptr ? "GGUF type " + std::to_string(id) : type->name;
    if (info.dtype == DType::other) return;
    const auto elements = static_cast<uint64_t>(info.elements());
    const uint64_t row = info.shape.empty() ? 1 : static_cast<uint64_t>(info.shape.back());
    if (row % type->block_elements != 0)
      fail_tensor(info.name, "of type " + std::string(type->name) + " and shape " + shape_text(info.shape) +
                                 " has rows that are no whole blocks of " + std::to_string(type->block_elements));
    const uint64_t blocks = elements / type->block_elements;
    if (blocks > std::numeric_limits<uint64_t>::max() / 2 / type->block_bytes)
      fail_tensor(info.name, "is larger than any file");
    info.end = blocks * type->block_bytes;
    take_shape(info, elements);
  }

  void take_shape(TensorInfo& info, uint64_t elements) {
    const auto found = shapes_.find(info.name);
    if (found == shapes_.end()) return;
    uint64_t extent = 1;  // at most five sides of 31 bits
    for (const int64_t side : found->second) {
      if (side != 0 && extent > kMostElements / static_cast<uint64_t>(side))
        fail_tensor(info.name, "has an original shape that is none");
      extent *= static_cast<uint64_t>(side);
    }
    if (extent != elements)
      fail_tensor(info.name, "of shape " + shape_text(info.shape) + " has the original shape " +
                                 shape_text(found->second) + ", which is of another size");
    info.shape = found->second;
  }

  void place_tensors() {
    const uint64_t data_begin = (at_ + alignment_ - 1) / alignment_ * alignment_;
    std::vector<const TensorInfo*> in_order;
    for (auto& [name, info] : out_.index.tensors) {
      const uint64_t offset = info.begin, bytes = info.end;
      if (offset % alignment_ != 0)
        fail_tensor(name,
                    "lies at " + std::to_string(offset) + ", which is no multiple of " + std::to_string(alignment_));
      if (data_begin > file_.size() || offset > file_.size() - data_begin || bytes > file_.size() - data_begin - offset)
        fail_tensor(name, "lies behind the file's end: is its download complete? Compare its size with the original's");
      info.begin = data_begin + offset;
      info.end = info.begin + bytes;
      in_order.push_back(&info);
    }
    std::sort(in_order.begin(), in_order.end(), [](const TensorInfo* a, const TensorInfo* b) {
      return std::make_pair(a->begin, a->end) < std::make_pair(b->begin, b->end);
    });
    for (size_t i = 1; i < in_order.size(); ++i)
      if (in_order[i]->begin < in_order[i - 1]->end)
        fail_tensor(in_order[i]->name, "overlaps tensor '" + brief(in_order[i - 1]->name) + "'");
  }

  const std::string_view file_, head_;
  const std::string& place_;
  size_t at_ = 0;
  uint64_t alignment_ = kUsualAlignment;
  std::map<std::string, std::vector<int64_t>> shapes_;  // original ones
  GgufHeader out_;
};

}  // namespace

GgufHeader read_gguf_header(std::string_view file, const std::string& place) { return Reader(file, place).read(); }

}  // namespace alice
