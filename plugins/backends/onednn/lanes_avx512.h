#pragma once
// Sixteen floats at once.

#include <immintrin.h>

#include <cstdint>
#include <cstring>

namespace alice::onednn {
namespace {

struct Avx512Lanes {
  using Vector = __m512;
  static constexpr int kWidth = 16;
  // A product's tile in registers: 6 rows of 4 vectors, 4 vectors of the right side and one of the left: 29 of 32.
  static constexpr int kTileRows = 6, kTileVectors = 4;

  static Vector all(float value) { return _mm512_set1_ps(value); }
  static Vector multiply_add(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
  static Vector divide(Vector a, Vector b) { return _mm512_div_ps(a, b); }
  static Vector absolute(Vector a) { return _mm512_abs_ps(a); }
  /// b where either is NaN.
  static Vector larger(Vector a, Vector b) { return _mm512_max_ps(a, b); }
  static Vector smaller(Vector a, Vector b) { return _mm512_min_ps(a, b); }
  static Vector nearest(Vector a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  /// a 2^n of whole n in [-126, 127].
  static Vector scale(Vector a, Vector n) { return _mm512_scalef_ps(a, n); }
  /// a where x >= 0 (or NaN), else b.
  static Vector choose_by_sign(Vector x, Vector a, Vector b) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ), a, b);
  }
  static float sum(Vector a) { return _mm512_reduce_add_ps(a); }

  static Vector load(const float* from) { return _mm512_loadu_ps(from); }
  static void store(float* to, Vector a) { _mm512_storeu_ps(to, a); }
  static __mmask16 first(int64_t count) { return static_cast<__mmask16>((1u << count) - 1); }
  /// The first `count` lanes, the others 0; count below kWidth.
  static Vector load_some(const float* from, int64_t count) { return _mm512_maskz_loadu_ps(first(count), from); }
  static void store_some(float* to, Vector a, int64_t count) { _mm512_mask_storeu_ps(to, first(count), a); }
  /// Every `stride`-th float.
  static Vector gather(const float* from, int stride) {
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm512_i32gather_ps(_mm512_mullo_epi32(lane, _mm512_set1_epi32(stride)), from, 4);
  }
  /// Four bytes in every lane.
  static Vector repeat(const uint32_t* unit) {
    int bits;
    std::memcpy(&bits, unit, sizeof bits);
    return _mm512_castsi512_ps(_mm512_set1_epi32(bits));
  }
};

}  // namespace
}  // namespace alice::onednn
