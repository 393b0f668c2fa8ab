#pragma once
// Where sampling begins: in noise alone, or in a picture's latents with noise.

#include "core/host/make/pictures.h"
#include "core/host/model.h"
#include "core/host/shown.h"

namespace alice {

/// One batch's; rows are pictures. Undefined: not asked for.
struct Start {
  Tensor x;       ///< [B, C, h, w], at the plan's first level in its scaling
  Tensor known;   ///< [B, C, h, w]: latents that hold where nothing is made anew
  Tensor noise;   ///< [B, C, h, w]: that they were noised with
  Tensor mask;    ///< [1, 1, h, w]: 1 where something is; undefined: everywhere, or the network keeps to it by itself
  Tensor beside;  ///< [B, C', h, w]: what the network is shown (kBeside)
};

/// The pictures of a request as latents, made once for all its batches: two calls of the VAE at the most.
class Beginning {
 public:
  /// Calls the VAE where there is a picture. Throws PluginFault for what is wrong with it. `model` and `settings` must
  /// outlive it.
  Beginning(const Model& model, const Settings& settings, const Pixels& pictures);

  /// Draws from `noise` as the reference does: for the picture's latents, for the noise, for the latents of the picture
  /// without its mask, as far as they are needed. `plan`: plan_of().
  Start start(int64_t batch, const Plan& plan, NoiseSource& noise) const;

 private:
  Tensor with_masked_content(const Tensor& latents, const Tensor& noise) const;
  Tensor beside(const Tensor& like, NoiseSource& noise) const;

  const Settings& settings_;
  const VaeInfo& vae_;
  Shown shown_;
  bool has_picture_, is_masked_;
  std::vector<int64_t> shape_;  // of one picture's latents
  LatentDistribution content_, kept_;
  Tensor mask_;  // [1, 1, h, w]
};

/// For a network that is shown something beside the latents: `texts`, which encode() made for `batch` pictures, in the
/// rows that guide() wants, with what is shown. Without `beside`: `texts`.
Course with_beside(Course texts, const Tensor& beside, const Guidance& guidance);

}  // namespace alice
