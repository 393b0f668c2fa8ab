#pragma once

#include "plugins/models/autoencoder_kl/kl_blocks.h"

namespace alice::kl {

/// Raw latents to pixels. Immutable; any thread.
class Decoder {
 public:
  /// Prepares every weight. Throws Error(bad_weights).
  Decoder(const KlConfig& config, const ModelWeights& weights);

  /// [B, C, h, w] in the backend's dtype -> [B, 3, h * reduction, w * reduction].
  Tensor operator()(const Backend& backend, const Tensor& latents) const;

 private:
  struct Level {
    std::vector<ResnetBlock> resnets;
    PreparedWeightPtr upsample;  // null at the finest level
  };

  PreparedWeightPtr post_quant_conv_, conv_in_;  // post_quant_conv_ may be null
  MidBlock mid_;
  std::vector<Level> levels_;  // the coarsest first
  GroupNorm norm_out_;
  PreparedWeightPtr conv_out_;
};

}  // namespace alice::kl
