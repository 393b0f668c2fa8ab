#include "core/host/make/start.h"

#include "core/host/plugin_call.h"
#include "core/math/start_level.h"

namespace alice {
namespace {

constexpr const char* kVae = "the VAE";  // who is to blame, for people

/// Of pixels [1, 3, H, W].
LatentDistribution encoded(const Model& model, const Tensor& pixels) {
  const VaeInfo& info = model.vae->info();
  LatentDistribution latents = call_plugin(kVae, [&] { return model.vae->encode(pixels); });
  const std::vector<int64_t> shape = {1, info.latent_channels, pixels.size(2) / info.reduction,
                                      pixels.size(3) / info.reduction};
  for (Tensor* part : {&latents.mean, &latents.deviation}) *part = all_finite(with_shape(*part, shape, kVae), kVae);
  return latents;
}

/// Mid-grey where something is made anew.
Tensor without_masked(const Tensor& pixels, const Tensor& mask) {
  return mask.defined() ? pixels * to_latent_mask(mask, 1).lt(0.5) : at::zeros_like(pixels);
}

Tensor drawn(const LatentDistribution& latents, const Tensor& noise) {
  return latents.mean + latents.deviation * noise;
}

}  // namespace

Beginning::Beginning(const Model& model, const Settings& settings, const Pixels& pictures)
    : settings_(settings),
      vae_(model.vae->info()),
      shown_(shown_to(model.unet->info(), model.id)),
      has_picture_(pictures.original.defined()),
      is_masked_(pictures.mask.defined()),
      shape_({vae_.latent_channels, settings.height / vae_.reduction, settings.width / vae_.reduction}) {
  if (!has_picture_) return;
  content_ = encoded(model, pictures.content);
  if (is_masked_) mask_ = to_latent_mask(pictures.mask, vae_.reduction);
  if (shown_ != Shown::mask) return;
  if (!is_masked_) mask_ = at::ones({1, 1, shape_[1], shape_[2]});
  kept_ = encoded(model, without_masked(pictures.original, pictures.mask));
}

/// Their values are those of the picture, and of what its mask covers at the beginning.
Tensor Beginning::with_masked_content(const Tensor& latents, const Tensor& noise) const {
  const MaskedContent content = settings_.request.masked_content.value_or(MaskedContent::original);
  if (!is_masked_ || content == MaskedContent::original || content == MaskedContent::fill) return latents;
  return latents * (1 - mask_) + (content == MaskedContent::noise ? noise * mask_ : at::zeros_like(latents));
}

Start Beginning::start(int64_t batch, const Plan& plan, NoiseSource& noise) const {
  std::vector<int64_t> shape = {batch};
  shape.insert(shape.end(), shape_.begin(), shape_.end());
  const Tensor like = at::empty(shape);
  const bool is_whole = plan.first_step == 0;
  // Of a picture that may not be seen, or is shown beside, all steps begin in noise alone.
  const bool from_noise = !has_picture_ || (is_whole && (is_masked_ || shown_ != Shown::nothing));
  const bool keeps_known = has_picture_ && is_masked_ && shown_ == Shown::nothing;

  Start start;
  Tensor latents;
  if (!from_noise || keeps_known) latents = drawn(content_, noise.normal_like(like));
  start.noise = noise.normal_like(like);
  start.x = from_noise ? start.noise * plan.init_noise_sigma
                       : add_noise(with_masked_content(latents, start.noise), start.noise,
                                   start_level(*settings_.scheduler.scheduler, plan.levels.front(),
                                               *settings_.scheduler.noise_model));
  if (keeps_known) {
    start.known = latents;
    start.mask = mask_;
    noise.normal_like(like);  // the reference draws for latents that it does not use then
  }
  start.beside = beside(like, noise);
  return start;
}

Tensor Beginning::beside(const Tensor& like, NoiseSource& noise) const {
  if (shown_ == Shown::nothing || !has_picture_) return {};
  const int64_t batch = like.size(0);
  if (shown_ == Shown::picture)
    return (content_.mean / vae_.scaling_factor + vae_.shift_factor).expand({batch, -1, -1, -1});
  return at::cat({mask_.expand({batch, -1, -1, -1}), drawn(kept_, noise.normal_like(like))}, 1);
}

Course with_beside(Course texts, const Tensor& beside, const Guidance& guidance) {
  if (!beside.defined()) return texts;
  const bool has_third_pass = guidance.two_passes() && guidance.picture_scale;
  for (TextRows& rows : texts.told) {
    for (Conditioning& row : rows) row[kBeside] = beside;
    if (!has_third_pass) continue;
    rows.insert(rows.begin(), rows.front());
    rows.front()[kBeside] = at::zeros_like(beside);
  }
  return texts;
}

}  // namespace alice
