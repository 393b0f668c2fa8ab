#pragma once
// oneDNN's primitives for one row of a batch, made once for each shape and kept.
//
// A row is always a call of its own: oneDNN chooses its blocking, and with it the order of the sums, by the whole
// shape, so only a primitive that never sees the batch gives a row the same last bit in every batch. All threads work
// on a row.

#include <list>
#include <map>

#include "plugins/backends/onednn/packed_weight.h"

namespace alice::onednn {

/// What a primitive depends on. Activation::geglu is not among oneDNN's.
///
/// dtype uint8 multiplies unsigned activations with signed weights and leaves the sums, int32, as they are: without
/// bias, activation or residual. They are exact, however the work is cut: a row may be several calls, each of one
/// thread. (Scales that are known at run time alone would make oneDNN 2.6 take slow code.)
struct PrimitiveKey {
  enum class Kind { product, convolution } kind;
  std::vector<int64_t> sizes;  ///< product: tokens, in, out; convolution: in, H, W, out, kh, kw, stride, padding
  at::ScalarType dtype;
  bool has_bias;
  Activation activation;
  bool has_residual;  ///< product: an input of its own; convolution: what the result holds before
  int threads;        ///< that will run it
  bool operator<(const PrimitiveKey& other) const;
};

struct RowPrimitive {
  dnnl::primitive primitive;
  dnnl::memory::desc source, weights, bias, result;
  int64_t scratch_bytes;
  bool has_bias;
  std::optional<int> residual_argument;  ///< of the input that is added
};
using RowPrimitivePtr = std::shared_ptr<const RowPrimitive>;

/// How it wants its weights; nothing where PrimitiveCache::find() is null. Makes no primitive. Any thread.
std::optional<dnnl::memory::desc> weight_layout(const PrimitiveKey& key);

/// The primitives used last. Any thread.
class PrimitiveCache {
 public:
  /// Null when oneDNN has nothing but its slow reference for this shape.
  RowPrimitivePtr find(const PrimitiveKey& key) const;

 private:
  struct Entry {
    RowPrimitivePtr primitive;
    std::list<PrimitiveKey>::iterator age;
  };
  mutable std::mutex mutex_;
  mutable std::map<PrimitiveKey, Entry> entries_;
  mutable std::list<PrimitiveKey> ages_;  // the last used first
};

/// Runs a primitive on one row. `residual` null where the key says so; for a convolution the result already holds it.
/// The weight is packed on first use.
void run(const RowPrimitive& row, const PackedWeight& weight, const float* bias, const void* source,
         const void* residual, void* result);

}  // namespace alice::onednn
