#include "core/host/guided_network.h"

#include <algorithm>

#include "core/host/plugin_call.h"

namespace alice {
namespace {

constexpr const char* kUNet = "the UNet";  // who is to blame

/// Runs that are kept: they hold what a network has computed of its conditioning.
constexpr size_t kMostRuns = 8;

const UNetShortcuts* shortcuts_of(const UNet& unet) {
  return static_cast<const UNetShortcuts*>(unet.extension(kUNetShortcuts));
}

}  // namespace

GuidedNetwork::GuidedNetwork(std::shared_ptr<const UNet> unet, Course course, const Guidance& guidance,
                             const Shortcuts& shortcuts, const NoiseModel& noise_model, const Plan& plan, size_t calls)
    : unet_(std::move(unet)),
      guidance_(guidance),
      shortcuts_(shortcuts),
      noise_model_(noise_model),
      levels_(plan.levels.begin(), plan.levels.begin() + static_cast<std::ptrdiff_t>(plan.steps())),
      course_(std::move(course)),
      calls_(calls) {
  if (shortcuts_.any() && shortcuts_of(*unet_) == nullptr)
    throw Error(ErrorCode::bad_request,
                shortcuts_.deepcache_interval > 1 ? "/deepcache_interval" : "/token_merging_ratio",
                "this model's UNet cannot leave out any of its work: say nothing here");
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
  told_ = course_.at(calls_++);
  const bool is_first = whole_.number == 0 || whole_.step != whole_step ||  // the sampler did not ask there itself
                        whole_.told != told_;
  is_whole_ = step == whole_step || is_first;
  if (is_whole_) whole_ = {x, level, whole_step, whole_.number + 1, told_};
}

GuidedNetwork::Asked GuidedNetwork::prepared(const TextRows& rows) {
  const Conditioning conditioning = stacked(rows);
  Asked asked{static_cast<int64_t>(rows.size()), nullptr};
  if (!shortcuts_.any()) {
    asked.run = call_plugin(kUNet, [&] { return unet_->prepare(conditioning); });
    return asked;
  }
  auto run = call_plugin(kUNet, [&] {
    return shortcuts_of(*unet_)->prepare_shortcuts(conditioning, {shortcuts_.token_merging_ratio});
  });
  asked.shortcut = run.get();
  asked.run = std::move(run);
  return asked;
}

GuidedNetwork::Asked& GuidedNetwork::asked(bool guided) {
  const auto found = asked_.find({told_, guided});
  if (found != asked_.end()) return found->second;
  if (asked_.size() == kMostRuns) asked_.clear();
  const TextRows& all = course_.told[told_];
  const auto positives = static_cast<std::ptrdiff_t>(guidance_.positives());
  const TextRows rows(guided ? all.begin() : all.end() - positives, all.end());
  return asked_.emplace(std::pair(told_, guided), prepared(rows)).first->second;
}

Tensor GuidedNetwork::predict(bool guided, const Tensor& x, const Level& level, bool keeps_depth) {
  Asked& asked = this->asked(guided);
  const Tensor scaled = network_input(x, level, noise_model_);
  const Tensor input = asked.rows > 1 ? scaled.repeat({asked.rows, 1, 1, 1}) : scaled;
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
  if (!is_whole_ && kept_ != whole_.number) {  // a record has answered the whole call
    predict(guided, whole_.x, whole_.level, false);
    kept_ = whole_.number;
  }
  const Tensor m = predict(guided, x, level, !is_whole_);
  if (is_whole_) kept_ = whole_.number;
  return x0_from_prediction(guided ? guide(m, guidance_) : guide_alone(m, guidance_), x, level, noise_model_);
}

}  // namespace alice
