#include "core/io/gguf_types.h"

#include <cstring>

// Compiled without contracting a product and a sum into one rounding (core/CMakeLists.txt): bits must be the same
// wherever it is built.

namespace alice {
namespace {

/// IEEE 754 binary16, little-endian, exactly.
float half_at(const uint8_t* bytes) {
  constexpr int kMantissa = 10, kFloatMantissa = 23, kBias = 15, kFloatBias = 127;
  const uint32_t half = static_cast<uint32_t>(bytes[0] | bytes[1] << 8);
  const uint32_t sign = (half & 0x8000) << 16;
  uint32_t exponent = half >> kMantissa & 0x1f, mantissa = half & 0x3ff;
  if (exponent == 0x1f) {
    exponent = 0xff;
  } else if (exponent != 0) {
    exponent += kFloatBias - kBias;
  } else if (mantissa != 0) {  // below the least normal number: float has it as a normal one
    for (exponent = kFloatBias - kBias + 1; (mantissa & 0x400) == 0; mantissa <<= 1) --exponent;
    mantissa &= 0x3ff;
  }
  const uint32_t bits = sign | exponent << kFloatMantissa | mantissa << (kFloatMantissa - kMantissa);
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

constexpr int kSmall = 32, kLarge = 256;  // elements of a block

// --- Blocks of 32: the lower halves of 16 bytes, then the upper ones.

int nibble(const uint8_t* bytes, int element) { return bytes[element % 16] >> (element < 16 ? 0 : 4) & 15; }
int fifth_bit(const uint8_t* bits, int element) { return (bits[element / 8] >> (element % 8) & 1) << 4; }

void unpack_q4_0(const uint8_t* block, float* out) {
  const float d = half_at(block);
  for (int i = 0; i < kSmall; ++i) out[i] = d * static_cast<float>(nibble(block + 2, i) - 8);
}

void unpack_q4_1(const uint8_t* block, float* out) {
  const float d = half_at(block), m = half_at(block + 2);
  for (int i = 0; i < kSmall; ++i) out[i] = d * static_cast<float>(nibble(block + 4, i)) + m;
}

void unpack_q5_0(const uint8_t* block, float* out) {
  const float d = half_at(block);
  for (int i = 0; i < kSmall; ++i)
    out[i] = d * static_cast<float>((nibble(block + 6, i) | fifth_bit(block + 2, i)) - 16);
}

void unpack_q5_1(const uint8_t* block, float* out) {
  const float d = half_at(block), m = half_at(block + 2);
  for (int i = 0; i < kSmall; ++i) out[i] = d * static_cast<float>(nibble(block + 8, i) | fifth_bit(block + 4, i)) + m;
}

void unpack_q8_0(const uint8_t* block, float* out) {
  const float d = half_at(block);
  for (int i = 0; i < kSmall; ++i) out[i] = static_cast<float>(static_cast<int8_t>(block[2 + i])) * d;
}

// --- Blocks of 256, in groups of 16 or 32 with scales of their own.

/// Two bits of element i: planes of 128 elements, 32 bytes each.
int two_bits(const uint8_t* bytes, int i) { return bytes[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3; }
/// Four bits: planes of 64 elements, 32 bytes each.
int four_bits(const uint8_t* bytes, int i) { return bytes[i / 64 * 32 + i % 32] >> (i % 64 / 32 * 4) & 15; }

void unpack_q2_k(const uint8_t* block, float* out) {
  const uint8_t *scales = block, *q = block + 16;
  const float d = half_at(block + 80), dmin = half_at(block + 82);
  for (int i = 0; i < kLarge; ++i) {
    const float scale = d * static_cast<float>(scales[i / 16] & 15),
                least = dmin * static_cast<float>(scales[i / 16] >> 4);
    out[i] = scale * static_cast<float>(two_bits(q, i)) - least;
  }
}

void unpack_q3_k(const uint8_t* block, float* out) {
  const uint8_t *high = block, *q = block + 32, *scales = block + 96;
  const float d = half_at(block + 108);
  for (int i = 0; i < kLarge; ++i) {
    const int group = i / 16;  // scales of six bits: four in the first eight bytes, two in the last four
    const int low_part = scales[group % 8] >> (group < 8 ? 0 : 4) & 15;
    const int high_part = scales[8 + group % 4] >> (group / 4 * 2) & 3;
    const float scale = d * static_cast<float>((low_part | high_part << 4) - 32);
    const int is_high = high[i % 32] >> (i / 32) & 1;
    out[i] = scale * static_cast<float>(two_bits(q, i) - (is_high ? 0 : 4));
  }
}

struct ScaleAndLeast {
  int scale, least;
};

/// Eight pairs of six bits in twelve bytes.
ScaleAndLeast six_bits(const uint8_t* s, int j) {
  if (j < 4) return {s[j] & 63, s[j + 4] & 63};
  return {(s[j + 4] & 15) | s[j - 4] >> 6 << 4, s[j + 4] >> 4 | s[j] >> 6 << 4};
}

/// Q4_K and, with the fifth bits, Q5_K.
void unpack_pairs(const uint8_t* block, const uint8_t* high, const uint8_t* q, float* out) {
  const float d = half_at(block), dmin = half_at(block + 2);
  for (int group = 0; group < 8; ++group) {
    const auto [scale, least] = six_bits(block + 4, group);
    const float step = d * static_cast<float>(scale), below = dmin * static_cast<float>(least);
    for (int l = 0; l < 32; ++l) {
      const int i = group * 32 + l, fifth = high != nullptr ? (high[l] >> group & 1) << 4 : 0;
      out[i] = step * static_cast<float>(four_bits(q, i) | fifth) - below;
    }
  }
}

void unpack_q4_k(const uint8_t* block, float* out) { unpack_pairs(block, nullptr, block + 16, out); }
void unpack_q5_k(const uint8_t* block, float* out) { unpack_pairs(block, block + 16, block + 48, out); }

void unpack_q6_k(const uint8_t* block, float* out) {
  const uint8_t *low = block, *high = block + 128, *scales = block + 192;
  const float d = half_at(block + 208);
  for (int i = 0; i < kLarge; ++i) {
    const int in_half = i % 128, low_part = low[i / 128 * 64 + in_half % 64] >> (in_half / 64 * 4) & 15;
    const float scale = d * static_cast<float>(static_cast<int8_t>(scales[i / 16]));
    out[i] = scale * static_cast<float>((low_part | two_bits(high, i) << 4) - 32);
  }
}

constexpr GgufType plain(uint32_t id, const char* name, DType dtype, size_t bytes) {
  return {id, name, dtype, 1, bytes};
}
constexpr GgufType unknown(uint32_t id, const char* name) { return {id, name}; }

constexpr GgufType kTypes[] = {
    plain(0, "F32", DType::f32, 4),
    plain(1, "F16", DType::f16, 2),
    {2, "Q4_0", DType::f32, 32, 18, unpack_q4_0},
    {3, "Q4_1", DType::f32, 32, 20, unpack_q4_1},
    {6, "Q5_0", DType::f32, 32, 22, unpack_q5_0},
    {7, "Q5_1", DType::f32, 32, 24, unpack_q5_1},
    {8, "Q8_0", DType::f32, 32, 34, unpack_q8_0},
    unknown(9, "Q8_1"),
    {10, "Q2_K", DType::f32, 256, 84, unpack_q2_k},
    {11, "Q3_K", DType::f32, 256, 110, unpack_q3_k},
    {12, "Q4_K", DType::f32, 256, 144, unpack_q4_k},
    {13, "Q5_K", DType::f32, 256, 176, unpack_q5_k},
    {14, "Q6_K", DType::f32, 256, 210, unpack_q6_k},
    unknown(15, "Q8_K"),
    unknown(16, "IQ2_XXS"),
    unknown(17, "IQ2_XS"),
    unknown(18, "IQ3_XXS"),
    unknown(19, "IQ1_S"),
    unknown(20, "IQ4_NL"),
    unknown(21, "IQ3_S"),
    unknown(22, "IQ2_S"),
    unknown(23, "IQ4_XS"),
    plain(24, "I8", DType::i8, 1),
    plain(25, "I16", DType::i16, 2),
    plain(26, "I32", DType::i32, 4),
    plain(27, "I64", DType::i64, 8),
    plain(28, "F64", DType::f64, 8),
    unknown(29, "IQ1_M"),
    plain(30, "BF16", DType::bf16, 2),
    unknown(34, "TQ1_0"),
    unknown(35, "TQ2_0"),
    unknown(39, "MXFP4"),
};

}  // namespace

const GgufType* gguf_type(uint32_t id) {
  for (const GgufType& known : kTypes)
    if (known.id == id) return &known;
  return nullptr;
}

}  // namespace alice
