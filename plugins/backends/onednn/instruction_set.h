#pragma once
// What the processor can do, as oneDNN sees it: ONEDNN_MAX_CPU_ISA holds for the whole plugin.

#include <string>

#include "core/api/tensor.h"
#include "plugins/backends/onednn/fused_kernels.h"
#include "plugins/backends/onednn/int8_kernels.h"

namespace alice::onednn {

enum class InstructionSet { older, avx2, avx512, avx512_vnni, avx512_bf16 };  // each includes those before it

InstructionSet instruction_set();
std::string name_of(InstructionSet set);
/// float32 or bfloat16; null where there are none for this processor.
const FusedKernels* fused_kernels(at::ScalarType dtype);
/// For activations in float32 or bfloat16; null where there are none for this processor.
const Int8Kernels* int8_kernels(at::ScalarType dtype);

}  // namespace alice::onednn
