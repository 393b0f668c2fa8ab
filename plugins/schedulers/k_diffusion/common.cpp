#include "plugins/schedulers/k_diffusion/common.h"

#include <algorithm>

namespace alice::schedulers {

Plan with_unit_alpha(Plan plan, const NoiseModel& model) {
  if (!is_flow(model)) return plan;
  constexpr double kBelowNoise = 1e-4;
  for (Level& level : plan.levels) {
    const double sigma = std::min(level.sigma, 1 - kBelowNoise);
    level = {1, static_cast<float>(sigma / (1 - sigma)), level.t};
  }
  plan.init_noise_sigma = 1 + plan.levels.front().sigma;  // 1 / alpha
  return plan;
}

LevelFinder::LevelFinder(const NoiseModel& model) : model_(model) {
  if (model.path() == NoisePath::diffusion) table_.emplace(model);
}

Level LevelFinder::at(double sigma) const {
  if (!table_) return model_.level(sigma);
  return {1, sigma, table_->time_of(sigma)};
}

Level LevelFinder::at_ratio(double ratio) const {
  if (!is_flow(model_)) return at(ratio);
  return {1, ratio, model_.level(ratio / (1 + ratio)).t};
}

SigmaRange whole_range(int64_t steps, const NoiseModel& model) {
  check_steps(steps, model.train_steps());
  if (model.path() == NoisePath::diffusion) return SigmaTable(model).range();
  const std::vector<double> sigmas = model.run_sigmas(model.train_steps());
  return {sigmas.front(), sigmas.back()};
}

Tensor slope_at(const Denoise& denoise, const Tensor& x, const Level& level) {
  return (x - denoise(x, level)) / level.sigma;
}

Tensor towards(const Tensor& x0, const Tensor& x, const Level& level, double sigma) {
  const double kept = sigma / level.sigma;
  return x * kept + x0 * (1 - kept);
}

AncestralStep ancestral_step(const Level& from, const Level& to, double eta, bool is_flow) {
  if (to.sigma == 0 || eta == 0) return {to.sigma, 1, 0};
  const double sigma = from.sigma, next = to.sigma;
  if (is_flow) {
    const double down = next * (1 + (next / sigma - 1) * eta), kept = to.alpha / (1 - down);
    return {down, kept, std::sqrt(std::max(0.0, next * next - down * down * kept * kept))};
  }
  // In float32, as the reference: where a step is long, what is left of next^2 - up^2 is little.
  const auto from2 = static_cast<float>(sigma) * static_cast<float>(sigma), to1 = static_cast<float>(next);
  const float full = std::sqrt(std::max(0.0f, to1 * to1 * (from2 - to1 * to1) / from2));
  const float up = std::min(to1, static_cast<float>(eta) * full);
  return {std::sqrt(to1 * to1 - up * up), 1, up};
}

bool is_flow(const NoiseModel& model) { return model.path() == NoisePath::flow; }

}  // namespace alice::schedulers
