#pragma once
// What encoder and decoder are built of.

#include "core/api/fused_products.h"
#include "core/api/weights.h"
#include "plugins/models/autoencoder_kl/kl_config.h"

namespace alice::kl {

inline constexpr double kNormEps = 1e-6;  // of every norm of this architecture

/// With SiLU, as almost everywhere.
GroupNorm read_norm(const std::string& module, const ModelWeights& weights, int64_t groups);

/// norm, silu, conv, norm, silu, conv, and the input added (through a 1 x 1 convolution where the width changes). [B,
/// C, H, W].
class ResnetBlock {
 public:
  ResnetBlock(const std::string& module, const ModelWeights& weights, int64_t groups);
  /// Lets go of x as soon as it is not needed any more.
  Tensor operator()(const Backend& backend, Tensor x) const;

 private:
  GroupNorm norm1_, norm2_;
  PreparedWeightPtr conv1_, conv2_, shortcut_;  // shortcut_ null where the width stays
};

/// One head of attention over all places of the map, and the input added.
class AttentionBlock {
 public:
  AttentionBlock(const std::string& module, const ModelWeights& weights, int64_t groups);
  Tensor operator()(const Backend& backend, const Tensor& x) const;

 private:
  GroupNorm norm_;
  PreparedWeightPtr q_, k_, v_, out_;
};

/// Residual block, attention where the config asks for it, residual block.
class MidBlock {
 public:
  MidBlock(const std::string& module, const ModelWeights& weights, const KlConfig& config);
  Tensor operator()(const Backend& backend, const Tensor& x) const;

 private:
  ResnetBlock first_, second_;
  std::optional<AttentionBlock> attention_;
};

}  // namespace alice::kl
