#include "core/io/float8.h"

#include <array>
#include <cstdint>

namespace alice {
namespace {

using Table = std::array<uint16_t, 256>;  ///< float16's bits of each byte

constexpr int kHalfBias = 15, kHalfMantissa = 10;

/// 1 bit of sign, 4 of exponent with bias 7, 3 of mantissa; exponent and mantissa all ones are NaN, and there are no
/// infinities.
constexpr uint16_t half_of_e4m3(unsigned byte) {
  constexpr int kBias = 7, kMantissa = 3;
  const unsigned sign = (byte & 0x80) << 8, magnitude = byte & 0x7F;
  if (magnitude == 0x7F) return static_cast<uint16_t>(sign | 0x7E00);
  if (magnitude == 0) return static_cast<uint16_t>(sign);
  int exponent = static_cast<int>(magnitude >> kMantissa);
  unsigned mantissa = magnitude & 7;
  if (exponent == 0) {  // below the least normal number: float16 has it as a normal one
    exponent = 1;
    for (; mantissa < 8; mantissa <<= 1) --exponent;
    mantissa &= 7;
  }
  const auto in_half = static_cast<unsigned>(exponent - kBias + kHalfBias);
  return static_cast<uint16_t>(sign | in_half << kHalfMantissa | mantissa << (kHalfMantissa - kMantissa));
}

constexpr Table table_of_e4m3() {
  Table table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) table[byte] = half_of_e4m3(byte);
  return table;
}

/// 5 bits of exponent, 2 of mantissa: the upper half of a float16.
constexpr Table table_of_e5m2() {
  Table table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) table[byte] = static_cast<uint16_t>(byte << 8);
  return table;
}

constexpr Table kE4M3 = table_of_e4m3(), kE5M2 = table_of_e5m2();

}  // namespace

Tensor half_of_float8(const std::byte* bytes, const std::vector<int64_t>& shape, DType dtype) {
  const Table& table = dtype == DType::f8_e4m3 ? kE4M3 : kE5M2;
  Tensor out = at::empty(shape, at::kHalf);
  auto* numbers = static_cast<uint16_t*>(out.data_ptr());
  for (int64_t i = 0; i < out.numel(); ++i) numbers[i] = table[static_cast<unsigned>(bytes[i])];
  return out;
}

}  // namespace alice
