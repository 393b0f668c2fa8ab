// The UNet of `alice plugin new --kind unet`, with a fault.

#include "tests/plugin_check/faults/model_faults.h"

// The sound twin.
#include "tests/plugin_check/faults/sound_twin.h"
//
#include "sdk/templates/unet/my_plugin.cpp"
#pragma pop_macro("ALICE_PLUGIN")

namespace {

using alice::faults::planted;

class FaultyRun final : public UNetRun {
 public:
  explicit FaultyRun(std::unique_ptr<UNetRun> sound) : sound_(std::move(sound)) {}
  Tensor predict(const Tensor& x, const Tensor& t) override {
    if (planted("only-even-sides") && x.size(2) % 2 == 1) return sound_->predict(x, t).narrow(2, 0, x.size(2) - 1);
    Tensor prediction = sound_->predict(x, planted("ignores-time") ? at::zeros_like(t) : t);
    if (planted("keeps-state")) prediction = prediction + static_cast<double>(calls_++);
    return prediction;
  }

 private:
  std::unique_ptr<UNetRun> sound_;
  int calls_ = 0;
};

class FaultyUNet final : public UNet {
 public:
  explicit FaultyUNet(std::shared_ptr<const UNet> sound) : sound_(std::move(sound)), info_(sound_->info()) {}
  const UNetInfo& info() const override { return info_; }
  const ModelWeights& weights() const override { return sound_->weights(); }
  std::unique_ptr<UNetRun> prepare(const Conditioning& conditioning) const override {
    Conditioning used = conditioning;
    if (planted("ignores-prompt") && used.count("tokens") != 0) used["tokens"] = at::zeros_like(used["tokens"]);
    if (planted("needs-no-prompt") && used.count("tokens") == 0)
      used["tokens"] = at::zeros({1, 1, info_.context_width});
    return std::make_unique<FaultyRun>(sound_->prepare(used));
  }
  std::shared_ptr<const UNet> patched(const Deltas& deltas) const override {
    return std::make_shared<FaultyUNet>(sound_->patched(deltas));
  }

 private:
  std::shared_ptr<const UNet> sound_;
  UNetInfo info_;
};

}  // namespace

ALICE_PLUGIN("faulty-unet", "1.0.0", [](alice::Enrolment& to) {
  alice::faults::enrol_spoiled<alice::UNet>(to, enrol_sound, [](std::shared_ptr<const UNet> sound) {
    return std::make_shared<FaultyUNet>(std::move(sound));
  });
})
