#include "tests/bench/peak.h"

#include <immintrin.h>

#include <algorithm>
#include <chrono>

namespace alice::bench {
namespace {

constexpr int kChains = 12, kRounds = 20000,
              kTrials = 50;  // a trial is about 50 us: some fall between other programs' turns

/// The best of some trials of `work`, which does `flops`.
template <class Work>
double best_rate(double flops, const Work& work) {
  double best = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::max(best, flops / taken.count() * 1e-9);
  }
  return best;
}

__attribute__((target("avx512f"), noinline)) void chains_float32() {
  __m512 sums[kChains];
  for (__m512& sum : sums) sum = _mm512_setzero_ps();
  __m512 x = _mm512_set1_ps(1);
  for (int round = 0; round < kRounds; ++round) {
    asm volatile("" : "+v"(x));
#pragma GCC unroll 12
    for (int k = 0; k < kChains; ++k) sums[k] = _mm512_fmadd_ps(x, x, sums[k]);
  }
  for (__m512& sum : sums) asm volatile("" ::"v"(sum));
}

__attribute__((target("avx512f,avx512bf16"), noinline)) void chains_bfloat16() {
  __m512 sums[kChains];
  for (__m512& sum : sums) sum = _mm512_setzero_ps();
  __m512i x = _mm512_set1_epi32(0x3f803f80);
  for (int round = 0; round < kRounds; ++round) {
    asm volatile("" : "+v"(x));
#pragma GCC unroll 12
    for (int k = 0; k < kChains; ++k) sums[k] = _mm512_dpbf16_ps(sums[k], (__m512bh)x, (__m512bh)x);
  }
  for (__m512& sum : sums) asm volatile("" ::"v"(sum));
}

}  // namespace

double peak_float32() {
  if (!__builtin_cpu_supports("avx512f")) return 0;
  return best_rate(2.0 * 16 * kChains * kRounds, chains_float32);
}

double peak_bfloat16() {
  if (!__builtin_cpu_supports("avx512bf16")) return 0;
  return best_rate(2.0 * 32 * kChains * kRounds, chains_bfloat16);
}

}  // namespace alice::bench
