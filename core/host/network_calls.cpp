#include "core/host/network_calls.h"

#include <c10/core/InferenceMode.h>

#include <cstring>
#include <utility>

#include "core/host/assemble.h"

namespace alice {
namespace {

using Calls = std::map<NetworkCall, int64_t>;

class ZeroRun final : public ShortcutRun {
 public:
  ZeroRun(int64_t rows, int64_t out_channels, Calls& calls)
      : guided_(rows > 1), out_channels_(out_channels), calls_(calls) {}

  Tensor predict(const Tensor& x, const Tensor&) override { return answer(x, false); }
  Tensor predict_with_kept_depth(const Tensor& x, const Tensor&) override { return answer(x, true); }

 private:
  Tensor answer(const Tensor& x, bool shallow) {
    ++calls_[{guided_, shallow}];
    return at::zeros({x.size(0), out_channels_, x.size(2), x.size(3)});
  }

  const bool guided_;
  const int64_t out_channels_;
  Calls& calls_;
};

/// Says of itself what the model's own says, and predicts zeros.
class ZeroNetwork final : public UNet, public UNetShortcuts {
 public:
  ZeroNetwork(std::shared_ptr<const UNet> like, Calls& calls) : like_(std::move(like)), calls_(calls) {}

  const UNetInfo& info() const override { return like_->info(); }
  const ModelWeights& weights() const override { return like_->weights(); }
  std::unique_ptr<UNetRun> prepare(const Conditioning& conditioning) const override {
    return prepare_shortcuts(conditioning, {});
  }
  std::unique_ptr<ShortcutRun> prepare_shortcuts(const Conditioning& conditioning,
                                                 const ShortcutOptions&) const override {
    return std::make_unique<ZeroRun>(conditioning.at("tokens").size(0), info().out_channels, calls_);
  }
  std::shared_ptr<const UNet> patched(const Deltas& deltas) const override { return like_->patched(deltas); }
  const void* extension(const char* name) const override {
    // No shortcuts where the model has none: then the settings cannot be run, and are refused as they will be.
    const bool has_them = std::strcmp(name, kUNetShortcuts) == 0 && like_->extension(name) != nullptr;
    return has_them ? static_cast<const UNetShortcuts*>(this) : nullptr;
  }

 private:
  const std::shared_ptr<const UNet> like_;
  Calls& calls_;
};

}  // namespace

Calls network_calls(const Model& model, const Settings& settings, const StepRange& range) {
  const c10::InferenceMode no_gradients;
  Calls calls;
  const NoiseModel& noise_model = *settings.scheduler.noise_model;
  const Plan plan = plan_of(settings);
  const int64_t rows = settings.guidance.rows();
  const TextRows blank(static_cast<size_t>(rows), blank_conditioning(model, 1, 1));
  GuidedNetwork network(std::make_shared<ZeroNetwork>(model.unet, calls), blank, settings.guidance,
                        settings.shortcuts, noise_model, plan);
  const Tensor x = at::zeros({1, model.unet->info().out_channels, 1, 1});
  for (size_t step = range.first; step < range.end; ++step) {
    network.pass(x, plan.levels[step]);
    network.denoise(x, plan.levels[step]);
  }
  return calls;
}

}  // namespace alice
