#include "plugins/backends/onednn/instruction_set.h"

#include <dnnl.hpp>

namespace alice::onednn {

InstructionSet instruction_set() {
  const auto available = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto has = [&](dnnl::cpu_isa set) {
    return (available & static_cast<unsigned>(set)) == static_cast<unsigned>(set);
  };
  if (has(dnnl::cpu_isa::avx512_core_bf16)) return InstructionSet::avx512_bf16;  // AMX includes it
  if (has(dnnl::cpu_isa::avx512_core_vnni)) return InstructionSet::avx512_vnni;
  if (has(dnnl::cpu_isa::avx512_core)) return InstructionSet::avx512;
  if (has(dnnl::cpu_isa::avx2) && __builtin_cpu_supports("fma")) return InstructionSet::avx2;
  return InstructionSet::older;
}

std::string name_of(InstructionSet set) {
  switch (set) {
    case InstructionSet::older: return "no AVX2";
    case InstructionSet::avx2: return "AVX2";
    case InstructionSet::avx512: return "AVX-512";
    case InstructionSet::avx512_vnni: return "AVX512-VNNI";
    case InstructionSet::avx512_bf16: return "AVX512-BF16";
  }
  return "";
}

const FusedKernels* fused_kernels(at::ScalarType dtype) {
  const InstructionSet set = instruction_set();
  if (dtype == at::kBFloat16) return set == InstructionSet::avx512_bf16 ? &avx512_bfloat16_kernels() : nullptr;
  if (set >= InstructionSet::avx512) return &avx512_float32_kernels();
  return set == InstructionSet::avx2 ? &avx2_float32_kernels() : nullptr;
}

const Int8Kernels* int8_kernels(at::ScalarType dtype) {
  const InstructionSet set = instruction_set();
  if (dtype == at::kBFloat16) return set == InstructionSet::avx512_bf16 ? &avx512_bfloat16_int8_kernels() : nullptr;
  return set >= InstructionSet::avx512_vnni ? &avx512_float32_int8_kernels() : nullptr;
}

}  // namespace alice::onednn
