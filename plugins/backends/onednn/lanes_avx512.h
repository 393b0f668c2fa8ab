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
  /// x - floor(x); 0 of an infinity.
  static Vector fraction(Vector x) { return _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
  /// a 2^floor(x): 0 or infinite where that is.
  static Vector scale(Vector a, Vector x) { return _mm512_scalef_ps(a, x); }
  /// a where x >= 0 (or NaN), else b.
  static Vector choose_by_sign(Vector x, Vector a, Vector b) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ), a, b);
  }
  static float sum(Vector a) { return _mm512_reduce_add_ps(a); }
  /// b where either is NaN.
  static Vector smaller(Vector a, Vector b) { return _mm512_min_ps(a, b); }
  static float lowest(Vector a) { return _mm512_reduce_min_ps(a); }
  static float highest(Vector a) { return _mm512_reduce_max_ps(a); }

  static Vector load(const float* from) { return _mm512_loadu_ps(from); }
  static void store(float* to, Vector a) { _mm512_storeu_ps(to, a); }
  static __mmask16 first(int64_t count) { return static_cast<__mmask16>((1u << count) - 1); }
  /// The first `count` lanes, the others 0; count below kWidth.
  static Vector load_some(const float* from, int64_t count) { return _mm512_maskz_loadu_ps(first(count), from); }
  static void store_some(float* to, Vector a, int64_t count) { _mm512_mask_storeu_ps(to, first(count), a); }
  /// a - b of `count` integers, kWidth or fewer, as floats; the other lanes 0.
  static Vector difference(const int32_t* a, const int32_t* b, int64_t count) {
    const __mmask16 there = first(count);
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_maskz_loadu_epi32(there, a), _mm512_maskz_loadu_epi32(there, b)));
  }
  /// a to the nearest integer (ties to even) plus zero, held within 0 and 255: `count` of the lanes, kWidth or fewer.
  static void store_bytes(uint8_t* to, Vector a, int zero, int64_t count) {
    const __m512i integers = _mm512_add_epi32(_mm512_cvtps_epi32(a), _mm512_set1_epi32(zero));
    _mm512_mask_cvtusepi32_storeu_epi8(to, first(count), _mm512_max_epi32(integers, _mm512_setzero_si512()));
  }
  /// Lane j of vector i becomes lane i of vector j.
  static void transpose(Vector (&m)[kWidth]) {
    Vector t[kWidth];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      t[2 * i] = _mm512_unpacklo_ps(m[2 * i], m[2 * i + 1]);
      t[2 * i + 1] = _mm512_unpackhi_ps(m[2 * i], m[2 * i + 1]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {  // m[4 i + j]: column j of each quarter, of rows 4 i to 4 i + 3
      const __m512d first = _mm512_castps_pd(t[i / 2 * 4 + i % 2]), second = _mm512_castps_pd(t[i / 2 * 4 + 2 + i % 2]);
      m[i / 2 * 4 + i % 2 * 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(first, second));
      m[i / 2 * 4 + i % 2 * 2 + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(first, second));
    }
#pragma GCC unroll 8
    for (int j = 0; j < 4; ++j) {
      const Vector low = _mm512_shuffle_f32x4(m[j], m[4 + j], 0x88),
                   low_odd = _mm512_shuffle_f32x4(m[j], m[4 + j], 0xdd);
      const Vector high = _mm512_shuffle_f32x4(m[8 + j], m[12 + j], 0x88),
                   high_odd = _mm512_shuffle_f32x4(m[8 + j], m[12 + j], 0xdd);
      t[j] = _mm512_shuffle_f32x4(low, high, 0x88);
      t[4 + j] = _mm512_shuffle_f32x4(low_odd, high_odd, 0x88);
      t[8 + j] = _mm512_shuffle_f32x4(low, high, 0xdd);
      t[12 + j] = _mm512_shuffle_f32x4(low_odd, high_odd, 0xdd);
    }
#pragma GCC unroll 16
    for (int i = 0; i < kWidth; ++i) m[i] = t[i];
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
