#include "plugins/backends/onednn/lanes_avx2.h"
//
#include "plugins/backends/onednn/compiled_kernels.h"

namespace alice::onednn {

const FusedKernels& avx2_float32_kernels() {
  static const CompiledKernels<Float32<Avx2Lanes>> kernels;
  return kernels;
}

}  // namespace alice::onednn
