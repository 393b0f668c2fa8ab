#include "core/base/tensor_index.h"

#include <array>
#include <utility>

namespace alice {
namespace {

struct DTypeName {
  DType dtype;
  const char* name;
  size_t bytes;
};
constexpr std::array<DTypeName, 13> kDTypes = {{{DType::f64, "F64", 8},
                                                {DType::f32, "F32", 4},
                                                {DType::f16, "F16", 2},
                                                {DType::bf16, "BF16", 2},
                                                {DType::i64, "I64", 8},
                                                {DType::i32, "I32", 4},
                                                {DType::i16, "I16", 2},
                                                {DType::i8, "I8", 1},
                                                {DType::u8, "U8", 1},
                                                {DType::boolean, "BOOL", 1},
                                                {DType::f8_e4m3, "F8_E4M3", 1},
                                                {DType::f8_e5m2, "F8_E5M2", 1},
                                                {DType::other, "another", 0}}};

const DTypeName& entry(DType dtype) {
  for (const DTypeName& known : kDTypes)
    if (known.dtype == dtype) return known;
  return kDTypes[0];  // not reached: every DType is listed
}

}  // namespace

const char* to_string(DType dtype) { return entry(dtype).name; }
size_t size_of(DType dtype) { return entry(dtype).bytes; }

bool dtype_from_string(const std::string& name, DType& out) {
  for (const DTypeName& known : kDTypes)
    if (name == known.name && known.dtype != DType::other) return out = known.dtype, true;
  return false;
}

bool is_floating(DType dtype) {
  switch (dtype) {
    case DType::f64:
    case DType::f32:
    case DType::f16:
    case DType::bf16:
    case DType::f8_e4m3:
    case DType::f8_e5m2: return true;
    default: return false;
  }
}

int64_t TensorInfo::elements() const {
  int64_t count = 1;
  for (int64_t side : shape) count *= side;
  return count;
}

std::string TensorInfo::dtype_text() const {
  return dtype == DType::other || !other_dtype.empty() ? other_dtype : to_string(dtype);
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

const TensorInfo* TensorIndex::find(const std::string& name) const {
  const auto found = tensors.find(name);
  return found == tensors.end() ? nullptr : &found->second;
}

}  // namespace alice
