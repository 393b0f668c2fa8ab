#pragma once
// Eight floats at once, with fused multiply-add.

#include <immintrin.h>

#include <cstdint>
#include <cstring>

namespace alice::onednn {
namespace {

struct Avx2Lanes {
  using Vector = __m256;
  static constexpr int kWidth = 8;
  // 6 rows of 2 vectors, 2 vectors of the right side and one of the left: 15 of 16 registers.
  static constexpr int kTileRows = 6, kTileVectors = 2;

  static Vector all(float value) { return _mm256_set1_ps(value); }
  static Vector multiply_add(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
  static Vector divide(Vector a, Vector b) { return _mm256_div_ps(a, b); }
  static Vector absolute(Vector a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
  /// b where either is NaN.
  static Vector larger(Vector a, Vector b) { return _mm256_max_ps(a, b); }
  /// x - floor(x); NaN of an infinity.
  static Vector fraction(Vector x) { return _mm256_sub_ps(x, _mm256_floor_ps(x)); }
  /// a 2^floor(x), floor(x) held within [-126, 127]. NaN is left to `a`.
  static Vector scale(Vector a, Vector x) {
    const Vector held = _mm256_min_ps(_mm256_set1_ps(127), _mm256_max_ps(_mm256_set1_ps(-126), _mm256_floor_ps(x)));
    const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(held), _mm256_set1_epi32(127));
    return _mm256_mul_ps(a, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23)));
  }
  /// a where x >= 0 (or NaN), else b.
  static Vector choose_by_sign(Vector x, Vector a, Vector b) {
    return _mm256_blendv_ps(a, b, _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ));
  }
  static float sum(Vector a) {
    const __m128 half = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 quarter = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(quarter, _mm_shuffle_ps(quarter, quarter, 1)));
  }

  static Vector load(const float* from) { return _mm256_loadu_ps(from); }
  static void store(float* to, Vector a) { _mm256_storeu_ps(to, a); }
  static __m256i first(int64_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  /// The first `count` lanes, the others 0; count below kWidth.
  static Vector load_some(const float* from, int64_t count) { return _mm256_maskload_ps(from, first(count)); }
  static void store_some(float* to, Vector a, int64_t count) { _mm256_maskstore_ps(to, first(count), a); }
  /// Lane j of vector i becomes lane i of vector j.
  static void transpose(Vector (&m)[kWidth]) {
    Vector t[kWidth];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      t[2 * i] = _mm256_unpacklo_ps(m[2 * i], m[2 * i + 1]);
      t[2 * i + 1] = _mm256_unpackhi_ps(m[2 * i], m[2 * i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {  // m[4 i + j]: column j of each half, of rows 4 i to 4 i + 3
      m[4 * i] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0x44);
      m[4 * i + 1] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0xee);
      m[4 * i + 2] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0x44);
      m[4 * i + 3] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0xee);
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      t[j] = _mm256_permute2f128_ps(m[j], m[4 + j], 0x20);
      t[4 + j] = _mm256_permute2f128_ps(m[j], m[4 + j], 0x31);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kWidth; ++i) m[i] = t[i];
  }
  /// Four bytes in every lane.
  static Vector repeat(const uint32_t* unit) {
    int bits;
    std::memcpy(&bits, unit, sizeof bits);
    return _mm256_castsi256_ps(_mm256_set1_epi32(bits));
  }
};

}  // namespace
}  // namespace alice::onednn
