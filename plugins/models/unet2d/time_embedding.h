#pragma once
// Numbers as sinusoids (Vaswani et al. 2017, section 3.5), and the perceptron after them.

#include "core/api/weights.h"
#include "plugins/models/unet2d/unet_config.h"

namespace alice::unet2d {

/// values [N] float32, fractional ones too -> [N, width] float32, frequencies falling from 1 to 1 / 10000. As the
/// reference computes them, in float32.
Tensor sinusoids(const Tensor& values, int64_t width, const UNetConfig& config);

/// scales [B, 1], guidance scales in any float dtype -> [B, width] float32: 1000 (scale - 1) as sinusoids, the sines
/// first (Luo et al. 2023; as the reference's pipeline for latent consistency models computes them).
Tensor guidance_sinusoids(const Tensor& scales, int64_t width);

/// linear, SiLU, linear. Immutable; any thread.
class EmbeddingPerceptron {
 public:
  EmbeddingPerceptron(const std::string& module, const ModelWeights& weights);
  /// [B, in] -> [B, out].
  Tensor operator()(const Backend& backend, const Tensor& x) const;

 private:
  PreparedWeightPtr linear1_, linear2_;
};

}  // namespace alice::unet2d
