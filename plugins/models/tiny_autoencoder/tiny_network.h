#pragma once
// Both halves of a tiny autoencoder (madebyollin/taesd): convolutions, rectifiers and residual blocks of three
// convolutions.

#include "core/api/weights.h"
#include "plugins/models/tiny_autoencoder/tiny_config.h"

namespace alice::tiny {

/// conv, ReLU, conv, ReLU, conv, the input added, ReLU. Immutable; any thread.
class TinyBlock {
 public:
  TinyBlock(const std::string& module, const ModelWeights& weights);
  Tensor operator()(const Backend& backend, const Tensor& x) const;

 private:
  PreparedWeightPtr conv1_, conv2_, conv3_;
};

/// Immutable; any thread. Tensors are in the backend's dtype.
class TinyEncoder {
 public:
  TinyEncoder(const TinyConfig& config, const ModelWeights& weights);
  /// [B, 3, H, W] in [0, 1] -> [B, C, H / reduction, W / reduction].
  Tensor operator()(const Backend& backend, const Tensor& pixels) const;

 private:
  struct Stage {
    PreparedWeightPtr conv;  // halves in every stage but the first
    Conv2dShape shape;
    std::vector<TinyBlock> blocks;
  };
  std::vector<Stage> stages_;
  PreparedWeightPtr conv_out_;
};

/// Immutable; any thread. Tensors are in the backend's dtype.
class TinyDecoder {
 public:
  TinyDecoder(const TinyConfig& config, const ModelWeights& weights);
  /// [B, C, h, w], held within -3 and 3 -> [B, 3, h * reduction, w * reduction], about [0, 1].
  Tensor operator()(const Backend& backend, const Tensor& latents) const;

 private:
  struct Stage {
    std::vector<TinyBlock> blocks;
    PreparedWeightPtr conv;  // after doubling in every stage but the last
  };
  PreparedWeightPtr conv_in_;
  std::vector<Stage> stages_;
};

}  // namespace alice::tiny
