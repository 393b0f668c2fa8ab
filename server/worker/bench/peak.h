#pragma once
// What this processor can do at most, found by doing it: multiply-adds whose operands never leave the registers, on all
// threads at once.

#include <optional>
#include <string>

namespace alice::bench {

enum class Arithmetic {
  float32,
  bfloat16,  ///< products of bfloat16, sums in float32
  int8,      ///< products of bytes, sums in 32 bits
};

/// Of a precision by its name; nothing for one that is none of these.
std::optional<Arithmetic> arithmetic_named(const std::string& precision);

/// 10^9 operations a second, 2 a multiply-add, of `threads` >= 1 threads together: the best of some fifty trials of
/// about 0.1 ms, of which some fall between other programs' turns. Nothing where the processor has none of the
/// instructions that are known here: FMA for float32 (AVX-512 or AVX2), vdpbf16ps, vpdpbusd. AMX is not: a bfloat16 or
/// int8 program on a processor with it may do more than this peak. Takes about 10 ms; any thread.
std::optional<double> peak_gflops(Arithmetic arithmetic, int threads);

}  // namespace alice::bench
