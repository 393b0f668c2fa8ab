#include "plugins/backends/onednn/lanes_avx512.h"
//
#include "plugins/backends/onednn/compiled_kernels.h"
#include "plugins/backends/onednn/int8_bodies.h"

namespace alice::onednn {
namespace {

struct Bfloat16 {
  uint16_t bits = 0;
};

/// Pairs of bfloat16, multiplied and summed in float32 (vdpbf16ps: no denormals).
struct Bfloat16Pairs {
  using Lanes = Avx512Lanes;
  using Vector = __m512;
  using Element = Bfloat16;
  static constexpr int kPerUnit = 2;

  static Vector widen(__m256i bits) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16)); }
  static Vector load(const Element* from) { return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))); }
  static Vector load_some(const Element* from, int64_t count) {
    return widen(_mm256_maskz_loadu_epi16(Lanes::first(count), from));
  }
  static void store(Element* to, Vector a) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), (__m256i)_mm512_cvtneps_pbh(a));
  }
  static void store_some(Element* to, Vector a, int64_t count) {
    _mm256_mask_storeu_epi16(to, Lanes::first(count), (__m256i)_mm512_cvtneps_pbh(a));
  }
  static Vector multiply_add(Vector left, Vector right, Vector sum) {
    return _mm512_dpbf16_ps(sum, (__m512bh)_mm512_castps_si512(left), (__m512bh)_mm512_castps_si512(right));
  }
  static Vector exp2_fraction(Vector f) { return polynomial<Lanes>(f, kExp2Coarse); }
  static Vector reciprocal(Vector a) { return _mm512_rcp14_ps(a); }  // relative error 2^-14; bfloat16's unit is 2^-8
  static Vector units_along(const Element* from, int64_t left) {
    const auto there = left >= 32 ? ~__mmask32{0} : static_cast<__mmask32>((uint64_t{1} << left) - 1);
    return _mm512_castsi512_ps(_mm512_maskz_loadu_epi16(there, from));
  }
  static Vector units_across(const Element* from, int64_t step, int64_t left, int64_t count) {
    const auto there = static_cast<__mmask16>((1u << count) - 1);
    const auto row = [&](int64_t i) {
      return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(i < left ? there : __mmask16{0}, from + i * step));
    };
    return _mm512_castsi512_ps(_mm512_or_si512(row(0), _mm512_slli_epi32(row(1), 16)));
  }
  /// The lanes of two vectors, side by side in pairs.
  static void store_units(float* to, const Vector (&values)[kPerUnit]) {
    alignas(64) static constexpr uint16_t kInPairs[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                          8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    const __m512i both = (__m512i)_mm512_cvtne2ps_pbh(values[1], values[0]);
    _mm512_storeu_si512(to, _mm512_permutexvar_epi16(_mm512_load_si512(kInPairs), both));
  }
};

}  // namespace

const FusedKernels& avx512_bfloat16_kernels() {
  static const CompiledKernels<Bfloat16Pairs> kernels;
  return kernels;
}

const Int8Kernels& avx512_bfloat16_int8_kernels() {
  static const CompiledInt8Kernels<Bfloat16Pairs> kernels;
  return kernels;
}

}  // namespace alice::onednn
