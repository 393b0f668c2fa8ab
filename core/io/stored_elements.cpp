#include "core/io/stored_elements.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "core/base/error.h"
#include "core/base/nearest.h"
#include "core/io/float8.h"
#include "core/io/scalar_types.h"

namespace alice {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "the data of tensor files is little-endian, and is used as it lies there");

bool is_float8(DType dtype) { return dtype == DType::f8_e4m3 || dtype == DType::f8_e5m2; }

/// What the bytes are looked at as: a bool that is neither 0 nor 1 must not be read as one.
at::ScalarType type_in_memory(DType dtype) {
  return is_float8(dtype) || dtype == DType::boolean ? at::kByte : scalar_type_of(dtype);
}

bool is_contiguous(const StoredElements& elements) {
  int64_t expected = 1;
  for (size_t d = elements.strides.size(); d-- > 0;) {
    if (elements.shape[d] != 1 && elements.strides[d] != expected) return false;
    expected *= elements.shape[d];
  }
  return true;
}

/// A view that calls `release` at its end.
Tensor view_of(const StoredElements& elements, const std::byte* first, const std::function<void()>& release) {
  const auto options = at::TensorOptions().dtype(type_in_memory(elements.dtype));
  const auto done = [release](void*) { release(); };
  // ATen has no const tensors: the cast promises nothing.
  auto* data = const_cast<std::byte*>(first);
  return is_contiguous(elements) ? at::from_blob(data, elements.shape, done, options)
                                 : at::from_blob(data, elements.shape, elements.strides, done, options);
}

Tensor aligned_view_of(const StoredElements& elements, const std::function<void()>& release) {
  if (reinterpret_cast<uintptr_t>(elements.first) % size_of(elements.dtype) == 0)
    return view_of(elements, elements.first, release);
  const auto copy = std::make_shared<std::vector<std::byte>>(elements.first, elements.first + elements.extent);
  release();
  return view_of(elements, copy->data(), [copy] {});
}

std::string not_there(const TensorIndex& index, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [present, info] : index.tensors) names.push_back(present);
  const std::string near = nearest(name, names);
  return "has no tensor '" + name + "'" + (near.empty() ? "" : "; the nearest name is '" + near + "'");
}

}  // namespace

Tensor tensor_of(const StoredElements& elements, const std::function<void()>& release) {
  int64_t count = 1;
  for (const int64_t side : elements.shape) count *= side;
  if (count == 0) return at::empty(elements.shape, scalar_type_of(elements.dtype));
  const Tensor whole = aligned_view_of(elements, release).contiguous();
  if (elements.dtype == DType::boolean) return whole.ne(0);
  if (!is_float8(elements.dtype)) return whole;
  return half_of_float8(static_cast<const std::byte*>(whole.data_ptr()), elements.shape, elements.dtype);
}

const TensorInfo& usable_tensor(const TensorIndex& index, const std::string& name) {
  const TensorInfo* info = index.find(name);
  if (info == nullptr) throw Error(ErrorCode::bad_weights, index.place, not_there(index, name));
  if (info->dtype == DType::other)
    throw Error(ErrorCode::bad_weights, index.files[info->file],
                "tensor '" + info->name + "' has the dtype " + info->other_dtype +
                    ", and is needed; F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I64, I32, I16, I8, U8 and BOOL can be "
                    "read");
  return *info;
}

}  // namespace alice
