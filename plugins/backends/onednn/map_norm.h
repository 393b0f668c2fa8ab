#pragma once
// A group norm of one picture's map as what it does to each of its channels, so that whoever reads the map next can do
// it in passing.

#include "core/api/tensor.h"
#include "plugins/backends/onednn/fused_kernels.h"
#include "plugins/backends/onednn/int8_kernels.h"

namespace alice::onednn {

struct NormParameters {
  int64_t groups;
  Tensor scale, shift;  // float32 [C]
  double eps;
  bool silu;
};

/// y = x factor + offset by channel, then SiLU if `silu`.
struct MapNorm {
  Tensor factors;  // float32 [2, C]
  bool silu;
  float lowest = 0, highest = 0;  // where asked for: all y lie between them, and so does 0

  const float* factor() const { return factors.data_ptr<float>(); }
  const float* offset() const { return factors.data_ptr<float>() + factors.size(1); }
};

/// map [pixels, C], of the kernels' element type, by all threads. added: float32 [C], which is added to every pixel
/// before; null: nothing. extremes: null where lowest and highest are not asked for.
MapNorm map_norm(const FusedKernels& kernels, const Int8Kernels* extremes, const char* map, int64_t pixels,
                 at::ScalarType dtype, const NormParameters& parameters, const float* added);

/// What becomes of that map, [pixels, C], by all threads.
Tensor applied(const FusedKernels& kernels, const MapNorm& norm, const char* map, int64_t pixels, at::ScalarType dtype);
/// The same, to memory of the map's size that is not the map's.
void apply(const FusedKernels& kernels, const MapNorm& norm, const char* map, int64_t pixels, int64_t element,
           char* to);

}  // namespace alice::onednn
