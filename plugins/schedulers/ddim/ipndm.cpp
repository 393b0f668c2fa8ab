#include "plugins/schedulers/ddim/ipndm.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <string_view>

#include "core/math/x0_estimate.h"

namespace alice::schedulers {
namespace {

constexpr float kPi = 3.14159265358979323846f;

/// steps + 1 of them, in float32 as the reference.
std::vector<float> angular_sigmas(int64_t steps) {
  std::vector<float> sigmas;
  for (int64_t i = 0; i <= steps; ++i) {
    const float s = 1 - static_cast<float>(i) / static_cast<float>(steps), root = std::sin(s * kPi / 2);
    sigmas.push_back(root * root);
  }
  return sigmas;
}

/// Adams and Bashforth's, for steps of one length; the newest first.
Tensor extrapolated(const std::deque<Tensor>& m) {
  switch (m.size()) {
    case 1: return m[0];
    case 2: return (m[0] * 3 - m[1]) / 2;
    case 3: return (m[0] * 23 - m[1] * 16 + m[2] * 5) / 12;
    default: return (m[0] * 55 - m[1] * 59 + m[2] * 37 - m[3] * 9) / 24;
  }
}

}  // namespace

const OptionTable<IpndmOptions>& Ipndm::options() {
  static const OptionTable<IpndmOptions> table;
  return table;
}

Plan Ipndm::plan(int64_t steps, const NoiseModel& model) const {
  check_steps(steps, model.train_steps());
  if (model.path() != NoisePath::diffusion) model.alphas_cumprod();  // refuses
  Plan plan;
  for (const float sigma : angular_sigmas(steps)) {
    const float alpha = std::sqrt(1 - sigma * sigma);
    plan.levels.push_back({alpha, sigma, std::atan2(sigma, alpha) / kPi * 2});
  }
  return plan;
}

Tensor Ipndm::sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource&,
                     const OnStep& on_step) const {
  constexpr double kLeastAlpha = 1e-8;  // the reference's
  constexpr size_t kOrder = 4;
  std::deque<Tensor> noises;
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level &from = plan.levels[i], &to = plan.levels[i + 1];
    noises.push_front(noise_of(x, denoise(x, from), from));
    if (noises.size() > kOrder) noises.pop_back();
    const Tensor eps = extrapolated(noises);
    x = (x - eps * from.sigma) / std::max(from.alpha, kLeastAlpha) * to.alpha + eps * to.sigma;
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

const void* Ipndm::extension(const char* name) const {
  const std::string_view asked = name;
  return asked == kPictureIsRough || asked == kLateStartIsRough ? this : nullptr;
}

}  // namespace alice::schedulers
