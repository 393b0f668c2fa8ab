#pragma once
// What oneDNN does not offer in one pass: norms with an activation, gating, and attention whose scores never leave the
// cache. One body (norm_kernels.h, attention_kernel.h), compiled once for each instruction set; the rest of the plugin
// calls it through this interface. These files know no tensors and no threads.
//
// Memory is dense and channels-last: pixels or tokens, each with its channels side by side. `void` is an array of the
// elements that the object was made for, float or bfloat16. Arithmetic is in float32. All methods are const, take any
// alignment, and may be called from many threads at once on different outputs. A pixel's, a token's or a query's result
// never depends on how the caller cuts the work.

#include <cstdint>

namespace alice::onednn {

struct AttentionShape {
  int64_t heads, head_size, queries, keys;  // all 1 or more
  bool causal;                              // a query sees keys up to its own position
  float scale;
  int64_t width() const { return heads * head_size; }
};

class FusedKernels {
 public:
  /// For each channel the mean of some pixels, one or more, and the sum of their squared differences from it.
  virtual void channel_moments(const void* x, int64_t pixels, int64_t channels, float* means, float* spreads) const = 0;
  /// y = x scale + shift by channel, then SiLU if `silu`.
  virtual void scale_and_shift(const void* x, void* y, int64_t pixels, int64_t channels, const float* scale,
                               const float* shift, bool silu) const = 0;
  /// y = (x - mean) / sqrt(variance + eps) scale + shift, each token by its own mean and variance.
  virtual void layer_norm(const void* x, void* y, int64_t tokens, int64_t width, const float* scale, const float* shift,
                          float eps) const = 0;
  /// x [tokens, 2 width] -> y [tokens, width]: the first half times gelu of the second.
  virtual void gate(const void* x, void* y, int64_t tokens, int64_t width) const = 0;

  /// Keys and values are packed once for a head, block by block, and read by every block of queries.
  virtual int64_t query_block() const = 0;
  virtual int64_t key_block() const = 0;
  virtual int64_t packed_block_bytes(const AttentionShape& shape) const = 0;
  virtual int64_t scratch_bytes(const AttentionShape& shape) const = 0;
  /// k, v [keys, width] of one picture; fills one block of one head. packed: 64-byte aligned.
  virtual void pack(const AttentionShape& shape, int64_t head, int64_t block, const void* k, const void* v,
                    void* packed) const = 0;
  /// q, out [queries, width] of one picture; `packed`: the head's blocks in order. Fills one block of queries of one
  /// head. scratch: 64-byte aligned, the thread's own.
  virtual void attend(const AttentionShape& shape, int64_t head, int64_t block, const void* q, const void* packed,
                      void* out, void* scratch) const = 0;

 protected:
  ~FusedKernels() = default;
};

// Each compiled for its instruction set: to be called only where the processor has it.
const FusedKernels& avx2_float32_kernels();
const FusedKernels& avx512_float32_kernels();
const FusedKernels& avx512_bfloat16_kernels();

}  // namespace alice::onednn
