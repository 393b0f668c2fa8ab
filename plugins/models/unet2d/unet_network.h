#pragma once
// The UNet of latent diffusion (Ronneberger et al. 2015; Ho et al. 2020; Rombach et al. 2022): down to small maps, up
// again, with what each step down leaves joined to the step up of the same size.

#include "plugins/models/unet2d/time_embedding.h"
#include "plugins/models/unet2d/unet_blocks.h"

namespace alice::unet2d {

/// What a run computes once: keys and values of the tokens for every transformer block in turn, what is added to each
/// time embedding [B, time width], and what is added to the sinusoids that it is made of [B, first width] (undefined
/// without).
struct PreparedConditioning {
  std::vector<TokenKeys> tokens;
  Tensor added, guidance;
  double token_merging_ratio = 0;  ///< see TokenMerging
};

/// What the way down leaves at the highest level: every map that the way up joins there. [B, channels, h, w] each.
struct Entrance {
  Tensor time;
  std::vector<Tensor> skips;
};

/// Immutable; any thread. Tensors are in the backend's dtype and on its device.
class UNetNetwork {
 public:
  /// Prepares every weight. Throws Error(bad_weights).
  UNetNetwork(const UNetConfig& config, const ModelWeights& weights);

  /// tokens [B, T, D]; pooled [B, P] and time_ids [B, N] float32 where the config has text_time; guidance_scale [B, 1]
  /// float32 where it has time_cond_proj_dim.
  PreparedConditioning prepare(const Tensor& tokens, const Tensor& pooled, const Tensor& time_ids,
                               const Tensor& guidance_scale) const;

  // A prediction is leave(e, descend(e)) with e = enter(x, t).

  /// The highest level's way down. x [B, in, h, w], t [B] float32.
  Entrance enter(const Tensor& x, const Tensor& t, const PreparedConditioning& conditioning) const;
  /// Everything below: what comes up to the highest level again, [B, channels, h, w].
  Tensor descend(const Entrance& entrance, const PreparedConditioning& conditioning) const;
  /// The highest level's way up, to [B, out, h, w].
  Tensor leave(Entrance entrance, const Tensor& deep, const PreparedConditioning& conditioning) const;

 private:
  struct Down {
    std::vector<Layer> layers;
    std::optional<Downsample> downsample;  // absent at the last level
  };
  struct Up {
    std::vector<Layer> layers;
    std::optional<Upsample> upsample;  // absent at the first level
  };
  /// depth: transformer blocks of its attention, 0 without one.
  Layer read_layer(const std::string& block, int64_t number, const ModelWeights& weights, const UNetLevel& level,
                   int64_t depth);
  Tensor time_of(const Tensor& t, const PreparedConditioning& conditioning) const;
  Tensor run(const Layer& layer, const Tensor& x, const Tensor& time, const PreparedConditioning& conditioning) const;
  Tensor run_up(const Up& up, Tensor h, std::vector<Tensor>& skips, const Tensor& time,
                const PreparedConditioning& conditioning) const;

  UNetConfig config_;
  std::shared_ptr<const Backend> backend_;
  size_t transformer_blocks_ = 0;

  PreparedWeightPtr conv_in_, conv_out_, guidance_projection_;  // the last is null where it is told of no guidance
  Conv2dShape conv_in_shape_, conv_out_shape_;
  EmbeddingPerceptron time_embedding_;
  std::optional<EmbeddingPerceptron> add_embedding_;
  std::vector<Down> down_;
  std::vector<Layer> middle_;
  std::vector<Up> up_;
  GroupNorm norm_out_;
};

}  // namespace alice::unet2d
