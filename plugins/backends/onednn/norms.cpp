#include "plugins/backends/onednn/norms.h"

#include <algorithm>

#include "plugins/backends/onednn/parallel.h"
#include "plugins/backends/onednn/result_memory.h"

namespace alice::onednn {
namespace {

constexpr int64_t kTaskElements = 16384;  // 64 KB of float32

}  // namespace

Tensor group_norm(const FusedKernels& kernels, const Tensor& x, const NormParameters& parameters) {
  const Tensor source = x.contiguous(at::MemoryFormat::ChannelsLast);
  const Tensor result = empty_result(x.sizes(), x.scalar_type(), at::MemoryFormat::ChannelsLast);
  const int64_t pixels = x.size(2) * x.size(3), element = static_cast<int64_t>(x.element_size());
  const int64_t row_bytes = x.size(1) * pixels * element;
  for (int64_t b = 0; b < x.size(0); ++b) {
    const char* from = static_cast<const char*>(source.data_ptr()) + b * row_bytes;
    const MapNorm norm = map_norm(kernels, nullptr, from, pixels, x.scalar_type(), parameters, nullptr);
    apply(kernels, norm, from, pixels, element, static_cast<char*>(result.data_ptr()) + b * row_bytes);
  }
  return result;
}

Tensor layer_norm(const FusedKernels& kernels, const Tensor& x, const TokenNorm& norm) {
  const Tensor source = x.contiguous();
  const Tensor result = empty_result(x.sizes(), x.scalar_type());
  const int64_t width = x.size(-1), tokens = x.numel() / width;
  const int64_t task_tokens = std::max<int64_t>(1, kTaskElements / width);
  const int64_t token_bytes = width * static_cast<int64_t>(x.element_size());
  each_task((tokens + task_tokens - 1) / task_tokens, [&](int64_t task) {
    const int64_t first = task * task_tokens;
    kernels.layer_norm(static_cast<const char*>(source.data_ptr()) + first * token_bytes,
                       static_cast<char*>(result.data_ptr()) + first * token_bytes,
                       std::min(task_tokens, tokens - first), width, norm.scale.data_ptr<float>(),
                       norm.shift.data_ptr<float>(), static_cast<float>(norm.eps));
  });
  return result;
}

}  // namespace alice::onednn
