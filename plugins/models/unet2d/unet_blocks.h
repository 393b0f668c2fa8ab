#pragma once
// What the levels of the UNet are built of.

#include "plugins/models/unet2d/transformer.h"

namespace alice::unet2d {

/// With SiLU, as almost everywhere.
GroupNorm read_norm(const std::string& module, const ModelWeights& weights, const UNetConfig& config);

/// norm, SiLU, conv, the time added, norm, SiLU, conv, and the input added (through a 1 x 1 convolution where the width
/// changes). Immutable; any thread.
class ResnetBlock {
 public:
  ResnetBlock(const std::string& module, const ModelWeights& weights, const UNetConfig& config);
  /// x [B, in, H, W]; time [B, time width], SiLU already applied.
  Tensor operator()(const Backend& backend, const Tensor& x, const Tensor& time) const;

 private:
  GroupNorm norm1_, norm2_;
  PreparedWeightPtr conv1_, conv2_, time_, shortcut_;  // shortcut_ null where the width stays
};

/// A residual block and the attention after it, if any.
struct Layer {
  ResnetBlock resnet;
  std::optional<SpatialTransformer> attention;
  size_t first_tokens = 0;  ///< the attention's first element in a run's list of TokenKeys
  bool may_merge = false;   ///< on the largest map that attends, where merging tokens is worth its cost
};

/// Halves a map: a convolution of stride 2. An odd side is rounded up.
class Downsample {
 public:
  Downsample(const std::string& module, const ModelWeights& weights, int64_t padding);
  Tensor operator()(const Backend& backend, const Tensor& x) const;

 private:
  Conv2dShape shape_;
  PreparedWeightPtr conv_;
};

/// Doubles a map: nearest neighbours, and a convolution.
class Upsample {
 public:
  Upsample(const std::string& module, const ModelWeights& weights)
      : conv_(module + ".conv"), weights_(weights), doubling_(weights.upsample_conv2d(conv_)) {}
  /// To the size of the map that will be joined to it, which is odd where Downsample rounded up.
  Tensor operator()(const Backend& backend, const Tensor& x, int64_t height, int64_t width) const;

 private:
  std::string conv_;
  ModelWeights weights_;  // prepares the plain convolution when an odd map first needs it
  PreparedWeightPtr doubling_;
};

}  // namespace alice::unet2d
