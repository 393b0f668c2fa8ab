#pragma once

#include "plugins/models/autoencoder_kl/kl_blocks.h"

namespace alice::kl {

/// Pixels to the moments of raw latents. Immutable; any thread.
class Encoder {
 public:
  /// Prepares every weight. Throws Error(bad_weights).
  Encoder(const KlConfig& config, const ModelWeights& weights);

  /// [B, 3, H, W] in the backend's dtype -> means and logarithms of variances, [B, 2 C, H / reduction, W / reduction].
  Tensor operator()(const Backend& backend, const Tensor& pixels) const;

 private:
  struct Level {
    std::vector<ResnetBlock> resnets;
    PreparedWeightPtr downsample;  // null at the coarsest level
  };

  PreparedWeightPtr conv_in_;
  std::vector<Level> levels_;
  MidBlock mid_;
  GroupNorm norm_out_;
  PreparedWeightPtr conv_out_, quant_conv_;  // quant_conv_ may be null
};

}  // namespace alice::kl
