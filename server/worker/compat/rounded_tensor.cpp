#include "server/worker/compat/rounded_tensor.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/io/scalar_types.h"

namespace alice {
namespace {

constexpr uint8_t kSign = 0x80;

/// The finite values from 0 upwards of numbers with one sign bit and `mantissa` bits behind the exponent's, by code;
/// `last` is the code of the largest. Micikevicius et al. 2022, table 1: the bias is half of the exponents.
std::vector<float> values_by_code(int exponent_bits, int mantissa_bits, int last) {
  const int bias = (1 << (exponent_bits - 1)) - 1, step = 1 << mantissa_bits;
  std::vector<float> values;
  for (int code = 0; code <= last; ++code) {
    const int exponent = code / step;
    const float fraction = static_cast<float>(code % step) / static_cast<float>(step);
    values.push_back(exponent == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1 + fraction, exponent - bias));
  }
  return values;
}

const std::vector<float>& values_of(DType dtype) {
  static const std::vector<float> e4m3 = values_by_code(4, 3, 126), e5m2 = values_by_code(5, 2, 123);
  return dtype == DType::f8_e4m3 ? e4m3 : e5m2;
}

size_t nearest_code(const std::vector<float>& values, float magnitude) {
  const size_t above = std::lower_bound(values.begin(), values.end(), magnitude) - values.begin();
  if (above == values.size()) return above - 1;
  if (above == 0) return 0;
  const float to_below = magnitude - values[above - 1], to_above = values[above] - magnitude;
  const bool below_is_even = above % 2 == 1;
  return to_below < to_above || (to_below == to_above && below_is_even) ? above - 1 : above;
}

RoundedTensor rounded_to_eight_bits(const Tensor& tensor, DType dtype) {
  const std::vector<float>& by_code = values_of(dtype);
  const Tensor exact = tensor.to(at::kFloat).contiguous();
  RoundedTensor out{dtype, at::empty(tensor.sizes(), at::kByte), at::empty(tensor.sizes(), at::kFloat)};
  const float* from = exact.data_ptr<float>();
  uint8_t* codes = out.stored.data_ptr<uint8_t>();
  float* values = out.values.data_ptr<float>();
  for (int64_t i = 0; i < exact.numel(); ++i) {
    const size_t code = nearest_code(by_code, std::abs(from[i]));
    codes[i] = static_cast<uint8_t>(code | (std::signbit(from[i]) ? kSign : 0));
    values[i] = std::copysign(by_code[code], from[i]);
  }
  return out;
}

}  // namespace

RoundedTensor as_it_is(const Tensor& tensor) {
  DType dtype;
  if (!dtype_of(tensor.scalar_type(), dtype))
    throw Error(ErrorCode::unsupported, "", std::string("the dtype ") + c10::toString(tensor.scalar_type()) +
                                                " is not written");
  const Tensor stored = tensor.contiguous();
  return {dtype, stored, stored};
}

RoundedTensor rounded(const Tensor& tensor, DType dtype) {
  if (!is_floating(dtype))
    throw Error(ErrorCode::unsupported, "", std::string("nothing is rounded to ") + to_string(dtype));
  if (dtype == DType::f8_e4m3 || dtype == DType::f8_e5m2) return rounded_to_eight_bits(tensor, dtype);
  return as_it_is(tensor.to(scalar_type_of(dtype)));
}

}  // namespace alice
