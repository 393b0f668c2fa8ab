#pragma once
// What one core can do at most, found by doing it: multiply-adds whose operands never leave the registers.

namespace alice::bench {

/// GFLOP/s of one core in float32, or in bfloat16 with float32 sums; 0 where the processor has no such instruction.
double peak_float32();
double peak_bfloat16();

}  // namespace alice::bench
