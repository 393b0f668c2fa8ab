#include "server/worker/bench/peak.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <thread>
#include <vector>

namespace alice::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTrials = 50;
constexpr int kChains = 12;     // independent sums: a multiply-add's latency times how many can start at once, and more
constexpr int kRounds = 30000;  // of all chains: about 0.1 ms

/// Rounds of multiply-adds for one thread.
struct Loop {
  void (*run)() = nullptr;
  int lanes = 0;  ///< multiply-adds in one instruction
};

#if defined(__x86_64__)

// The instructions are written out: of intrinsics the compiler sees that all chains compute the same, and leaves one.

__attribute__((target("avx2,fma"), noinline)) void float32_avx2() {
  __m256 sums[kChains] = {};
  const __m256 ones = _mm256_set1_ps(1);
  for (int round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
    for (int k = 0; k < kChains; ++k) asm volatile("vfmadd231ps %1, %1, %0" : "+x"(sums[k]) : "x"(ones));
  }
}

__attribute__((target("avx512f"), noinline)) void float32_avx512() {
  __m512 sums[kChains] = {};
  const __m512 ones = _mm512_set1_ps(1);
  for (int round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
    for (int k = 0; k < kChains; ++k) asm volatile("vfmadd231ps %1, %1, %0" : "+v"(sums[k]) : "v"(ones));
  }
}

__attribute__((target("avx512f,avx512bw,avx512bf16"), noinline)) void bfloat16_avx512() {
  __m512i sums[kChains] = {};
  const __m512i ones = _mm512_set1_epi16(0x3f80);
  for (int round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
    for (int k = 0; k < kChains; ++k) asm volatile("vdpbf16ps %1, %1, %0" : "+v"(sums[k]) : "v"(ones));
  }
}

__attribute__((target("avx512f,avx512bw,avx512vnni"), noinline)) void int8_avx512() {
  __m512i sums[kChains] = {};
  const __m512i ones = _mm512_set1_epi8(1);
  for (int round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
    for (int k = 0; k < kChains; ++k) asm volatile("vpdpbusd %1, %1, %0" : "+v"(sums[k]) : "v"(ones));
  }
}

std::optional<Loop> loop_for(Arithmetic arithmetic) {
  switch (arithmetic) {
    case Arithmetic::float32:
      if (__builtin_cpu_supports("avx512f")) return Loop{float32_avx512, 16};
      if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Loop{float32_avx2, 8};
      return std::nullopt;
    case Arithmetic::bfloat16:
      if (__builtin_cpu_supports("avx512bf16")) return Loop{bfloat16_avx512, 32};
      return std::nullopt;
    case Arithmetic::int8:
      if (__builtin_cpu_supports("avx512vnni")) return Loop{int8_avx512, 64};
      return std::nullopt;
  }
  return std::nullopt;
}

#else

std::optional<Loop> loop_for(Arithmetic) { return std::nullopt; }

#endif

/// When one thread was at work in one trial.
struct Turn {
  Clock::time_point begin, end;
};

/// [thread][trial]. Every thread begins each trial when all of them have come to it.
std::vector<std::vector<Turn>> run_trials(const Loop& loop, int threads) {
  std::vector<std::vector<Turn>> turns(static_cast<size_t>(threads), std::vector<Turn>(kTrials));
  std::atomic<int> arrived{0};
  const auto work = [&](std::vector<Turn>& own) {
    for (int trial = 0; trial < kTrials; ++trial) {
      ++arrived;
      while (arrived < (trial + 1) * threads) std::this_thread::yield();
      own[static_cast<size_t>(trial)].begin = Clock::now();
      loop.run();
      own[static_cast<size_t>(trial)].end = Clock::now();
    }
  };
  std::vector<std::thread> team;
  for (std::vector<Turn>& own : turns) team.emplace_back(work, std::ref(own));
  for (std::thread& thread : team) thread.join();
  return turns;
}

/// From the first thread's begin to the last one's end, of the quickest trial.
double least_seconds(const std::vector<std::vector<Turn>>& turns) {
  double least = std::numeric_limits<double>::infinity();
  for (size_t trial = 0; trial < kTrials; ++trial) {
    Turn whole = turns.front()[trial];
    for (const std::vector<Turn>& own : turns) {
      whole.begin = std::min(whole.begin, own[trial].begin);
      whole.end = std::max(whole.end, own[trial].end);
    }
    least = std::min(least, std::chrono::duration<double>(whole.end - whole.begin).count());
  }
  return least;
}

}  // namespace

std::optional<Arithmetic> arithmetic_named(const std::string& precision) {
  if (precision == "float32") return Arithmetic::float32;
  if (precision == "bfloat16") return Arithmetic::bfloat16;
  if (precision == "int8") return Arithmetic::int8;
  return std::nullopt;
}

std::optional<double> peak_gflops(Arithmetic arithmetic, int threads) {
  const std::optional<Loop> loop = loop_for(arithmetic);
  if (!loop) return std::nullopt;
  const double operations = 2.0 * loop->lanes * kChains * kRounds * threads;
  return operations / least_seconds(run_trials(*loop, threads)) * 1e-9;
}

}  // namespace alice::bench
