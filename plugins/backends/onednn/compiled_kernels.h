#pragma once
// The kernels for one Arithmetic, behind the interface.

#include "plugins/backends/onednn/attention_kernel.h"
#include "plugins/backends/onednn/norm_kernels.h"

namespace alice::onednn {
namespace {

template <class Arithmetic>
class CompiledKernels final : public FusedKernels {
  using Element = typename Arithmetic::Element;
  using Attention = AttentionKernel<Arithmetic>;
  static const Element* in(const void* x) { return static_cast<const Element*>(x); }
  static Element* out(void* y) { return static_cast<Element*>(y); }

 public:
  void channel_moments(const void* x, int64_t pixels, int64_t channels, float* means, float* spreads) const override {
    channel_moments_of<Arithmetic>(in(x), pixels, channels, means, spreads);
  }
  void scale_and_shift(const void* x, void* y, int64_t pixels, int64_t channels, const float* scale, const float* shift,
                       bool silu) const override {
    scale_and_shift_of<Arithmetic>(in(x), out(y), pixels, channels, scale, shift, silu);
  }
  void layer_norm(const void* x, void* y, int64_t tokens, int64_t width, const float* scale, const float* shift,
                  float eps) const override {
    layer_norm_of<Arithmetic>(in(x), out(y), tokens, width, scale, shift, eps);
  }
  void gate(const void* x, void* y, int64_t tokens, int64_t width) const override {
    gate_of<Arithmetic>(in(x), out(y), tokens, width);
  }

  int64_t query_block() const override { return Attention::kQueries; }
  int64_t key_block() const override { return kKeyBlock; }
  int64_t packed_block_bytes(const AttentionShape& shape) const override { return 4 * Attention::packed_units(shape); }
  int64_t scratch_bytes(const AttentionShape& shape) const override { return 4 * Attention::scratch_units(shape); }
  void pack(const AttentionShape& shape, int64_t head, int64_t block, const void* k, const void* v,
            void* packed) const override {
    Attention::pack(shape, head, block, in(k), in(v), static_cast<uint32_t*>(packed));
  }
  void attend(const AttentionShape& shape, int64_t head, int64_t block, const void* q, const void* packed, void* y,
              void* scratch) const override {
    Attention::attend(shape, head, block, in(q), static_cast<const uint32_t*>(packed), out(y),
                      static_cast<float*>(scratch));
  }
};

}  // namespace
}  // namespace alice::onednn
