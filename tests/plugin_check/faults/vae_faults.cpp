// The VAE of `alice plugin new --kind vae`, with a fault.

#include "tests/plugin_check/faults/model_faults.h"

// The sound twin.
#include "tests/plugin_check/faults/sound_twin.h"
//
#include "sdk/templates/vae/my_plugin.cpp"
#pragma pop_macro("ALICE_PLUGIN")

namespace {

using alice::faults::planted;

class FaultyVae final : public Vae {
 public:
  explicit FaultyVae(std::shared_ptr<const Vae> sound) : sound_(std::move(sound)), info_(sound_->info()) {
    if (planted("wrong-reduction")) info_.reduction *= 2;
  }
  const VaeInfo& info() const override { return info_; }
  const ModelWeights& weights() const override { return sound_->weights(); }
  Tensor decode(const Tensor& latents) const override {
    if (planted("takes-any-map") && latents.size(1) != info_.latent_channels)
      return sound_->decode(latents.narrow(1, 0, info_.latent_channels));
    const Tensor pixels = sound_->decode(latents);
    if (planted("nan") && latents.size(2) == 1) return pixels / 0.0 * 0.0;
    if (planted("in-bfloat16")) return pixels.to(at::kBFloat16);
    if (planted("batch-mixes")) return pixels + (pixels - pixels.mean(0, true));
    return pixels;
  }
  LatentDistribution encode(const Tensor& pixels) const override {
    if (planted("encodes-zeros")) return {pixels, pixels};
    return sound_->encode(pixels);
  }

 private:
  std::shared_ptr<const Vae> sound_;
  VaeInfo info_;
};

}  // namespace

ALICE_PLUGIN("faulty-vae", "1.0.0", [](alice::Enrolment& to) {
  alice::faults::enrol_spoiled<alice::Vae>(
      to, enrol_sound, [](std::shared_ptr<const Vae> sound) { return std::make_shared<FaultyVae>(std::move(sound)); });
})
