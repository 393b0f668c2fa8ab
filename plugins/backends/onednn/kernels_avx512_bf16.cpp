#include "plugins/backends/onednn/lanes_avx512.h"
//
#include "plugins/backends/onednn/compiled_kernels.h"

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
  static uint32_t unit(const Element* values) {
    return static_cast<uint32_t>(values[1].bits) << 16 | static_cast<uint32_t>(values[0].bits);
  }
  /// The lanes of two vectors, side by side in pairs.
  static void store_units(float* to, const Vector (&values)[kPerUnit]) {
    const __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(values[0]));
    const __m512i high = _mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(values[1])), 16);
    _mm512_storeu_si512(to, _mm512_or_si512(low, high));
  }
};

}  // namespace

const FusedKernels& avx512_bfloat16_kernels() {
  static const CompiledKernels<Bfloat16Pairs> kernels;
  return kernels;
}

}  // namespace alice::onednn
