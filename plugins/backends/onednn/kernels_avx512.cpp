#include "plugins/backends/onednn/lanes_avx512.h"
//
#include "plugins/backends/onednn/compiled_kernels.h"
#include "plugins/backends/onednn/int8_bodies.h"

namespace alice::onednn {

const FusedKernels& avx512_float32_kernels() {
  static const CompiledKernels<Float32<Avx512Lanes>> kernels;
  return kernels;
}

const Int8Kernels& avx512_float32_int8_kernels() {
  static const CompiledInt8Kernels<Float32<Avx512Lanes>> kernels;
  return kernels;
}

}  // namespace alice::onednn
