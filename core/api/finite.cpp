#include "core/api/finite.h"

#include <algorithm>

namespace alice {
namespace {

/// Is there a number whose exponent bits are all ones: NaN or an infinity?
template <class Bits>
bool has_special(const Tensor& tensor, Bits exponent) {
  const auto* numbers = static_cast<const Bits*>(tensor.data_ptr());
  return std::any_of(numbers, numbers + tensor.numel(),
                     [exponent](Bits bits) { return (bits & exponent) == exponent; });
}

/// Without the repetitions of an expanded tensor.
Tensor each_number_once(Tensor tensor) {
  for (int64_t d = 0; d < tensor.dim(); ++d)
    if (tensor.stride(d) == 0 && tensor.size(d) > 1) tensor = tensor.narrow(d, 0, 1);
  return tensor;
}

}  // namespace

/// By bits: libtorch 1.13 has no reduction of float16 on the CPU.
bool all_finite(const Tensor& tensor) {
  const Tensor packed = each_number_once(tensor).contiguous();
  switch (packed.scalar_type()) {
    case at::kHalf: return !has_special<uint16_t>(packed, 0x7C00);
    case at::kBFloat16: return !has_special<uint16_t>(packed, 0x7F80);
    case at::kFloat: return !has_special<uint32_t>(packed, 0x7F800000);
    case at::kDouble: return !has_special<uint64_t>(packed, 0x7FF0000000000000);
    default: return false;  // not reached: every floating point type of a tensor file is above
  }
}

}  // namespace alice
