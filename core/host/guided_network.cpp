#include "core/host/guided_network.h"

#include <algorithm>

#include "core/host/plugin_call.h"

namespace alice {
namespace {

constexpr const char* kUNet = "the UNet";  // who is to blame

/// The last of `parts` equal parts of each tensor's rows.
Conditioning positive_part(const Conditioning& all, int64_t parts) {
  Conditioning positive;
  for (const auto& [name, rows] : all) positive[name] = rows.chunk(parts).back();
  return positive;
}

const UNetShortcuts* shortcuts_of(const UNet& unet) {
  return static_cast<const UNetShortcuts*>(unet.extension(kUNetShortcuts));
}

}  // namespace

GuidedNetwork::GuidedNetwork(std::shared_ptr<const UNet> unet, Conditioning conditioning, const Guidance& guidance,
                             const Shortcuts& shortcuts, const NoiseModel& noise_model, const Plan& plan)
    : unet_(std::move(unet)),
      guidance_(guidance),
      shortcuts_(shortcuts),
      noise_model_(noise_model),
      levels_(plan.levels.begin(), plan.levels.begin() + static_cast<std::ptrdiff_t>(plan.steps())) {
  if (shortcuts_.any() && shortcuts_of(*unet_) == nullptr)
    throw Error(ErrorCode::bad_request,
                shortcuts_.deepcache_interval > 1 ? "/deepcache_interval" : "/token_merging_ratio",
                "this model's UNet cannot leave out any of its work: say nothing here");
  if (guidance_.two_passes()) {
    alone_.conditioning = positive_part(conditioning, guidance_.rows());
    guided_.conditioning = std::move(conditioning);
  } else {
    alone_.conditioning = std::move(conditioning);
  }
}

/// Levels fall from step to step. A sampler may ask between two of them, which belongs to the later step.
size_t GuidedNetwork::step_of(const Level& level) const {
  const auto is_above = [&](const Level& begin) { return begin.t > level.t; };
  const auto step = static_cast<size_t>(std::count_if(levels_.begin(), levels_.end(), is_above));
  return std::min(step, levels_.size() - 1);
}

/// The step at which all levels are computed for the use of `step`: every so many, counted anew where guidance begins
/// or ends, since what a run keeps belongs to its conditioning.
size_t GuidedNetwork::whole_step_of(size_t step) const {
  size_t first = step;
  const bool guided = guidance_.counts_at(step, levels_.size());
  while (first > 0 && guidance_.counts_at(first - 1, levels_.size()) == guided) --first;
  const auto interval = static_cast<size_t>(shortcuts_.deepcache_interval);
  return first + (step - first) / interval * interval;
}

void GuidedNetwork::pass(const Tensor& x, const Level& level) {
  const size_t step = step_of(level), whole_step = whole_step_of(step);
  const bool is_first =
      whole_.number == 0 || whole_.step != whole_step;  // the sampler did not ask at whole_step itself
  is_whole_ = step == whole_step || is_first;
  if (is_whole_) whole_ = {x, level, whole_step, whole_.number + 1};
}

void GuidedNetwork::prepare(Asked& asked) {
  if (asked.run) return;
  if (!shortcuts_.any()) {
    asked.run = call_plugin(kUNet, [&] { return unet_->prepare(asked.conditioning); });
    return;
  }
  auto run = call_plugin(kUNet, [&] {
    return shortcuts_of(*unet_)->prepare_shortcuts(asked.conditioning, {shortcuts_.token_merging_ratio});
  });
  asked.shortcut = run.get();
  asked.run = std::move(run);
}

GuidedNetwork::Asked& GuidedNetwork::asked_at(size_t step) {
  Asked& asked = guidance_.counts_at(step, levels_.size()) ? guided_ : alone_;
  prepare(asked);
  return asked;
}

Tensor GuidedNetwork::predict(Asked& asked, bool guided, const Tensor& x, const Level& level, bool keeps_depth) {
  const Tensor scaled = network_input(x, level, noise_model_);
  const Tensor input = guided ? scaled.repeat({guidance_.rows(), 1, 1, 1}) : scaled;
  const Tensor t = at::full({input.size(0)}, level.t, at::kFloat);
  std::vector<int64_t> shape = input.sizes().vec();
  shape[1] = unet_->info().out_channels;
  const auto ask = [&] {
    return keeps_depth ? asked.shortcut->predict_with_kept_depth(input, t) : asked.run->predict(input, t);
  };
  return with_shape(call_plugin(kUNet, ask), shape, kUNet);
}

Tensor GuidedNetwork::denoise(const Tensor& x, const Level& level) {
  const size_t step = step_of(level);
  const bool guided = guidance_.counts_at(step, levels_.size());
  Asked& asked = asked_at(step);
  if (!is_whole_ && kept_ != whole_.number) {  // a record has answered the whole call
    predict(asked, guided, whole_.x, whole_.level, false);
    kept_ = whole_.number;
  }
  const Tensor m = predict(asked, guided, x, level, !is_whole_);
  if (is_whole_) kept_ = whole_.number;
  return x0_from_prediction(guided ? guide(m, guidance_) : m, x, level, noise_model_);
}

}  // namespace alice
