// Adams and Bashforth's method along sigma, up to fourth order (Zhang and Chen 2022, arXiv 2204.13902, section 4, and
// zju-pi/diff-sampler; ComfyUI's sample_ipndm and sample_ipndm_v): with the weights of equal steps (iPNDM), or those of
// the steps as they are (iPNDM_v, as diff-sampler writes them: from order 3 on not the exact integral's). At sigma 0
// the result is the last x0.

#include <deque>
#include <string_view>
#include <vector>

#include "core/api/late_start.h"
#include "plugins/schedulers/k_diffusion/common.h"

namespace alice::schedulers {
namespace {

struct IpndmKOptions : KOptions {
  int64_t max_order = 4;
};

using SlopeWeights = std::vector<double>;

SlopeWeights weights_of_equal_steps(size_t order) {
  switch (order) {
    case 1: return {1};
    case 2: return {3.0 / 2, -1.0 / 2};
    case 3: return {23.0 / 12, -16.0 / 12, 5.0 / 12};
    default: return {55.0 / 24, -59.0 / 24, 37.0 / 24, -9.0 / 24};
  }
}

/// h: lengths of the step and of those behind it, the newest first; `order` of them.
SlopeWeights weights_of_steps(const std::vector<double>& h, size_t order) {
  if (order == 1) return {1};
  const double h0 = h[0], h1 = h[1];
  SlopeWeights w = {(2 + h0 / h1) / 2, -h0 / h1 / 2};
  if (order == 2) return w;
  const double h2 = h[2], part = 1 - h0 / (3 * (h0 + h1));
  const double a = (1 - h0 / (3 * (h0 + h1)) * (h0 * (h0 + h1)) / (h1 * (h1 + h2))) / 2;
  const double r1 = h1 / h2;
  w[0] += a, w[1] -= (1 + r1) * a;
  w.push_back(a * r1);
  if (order == 3) return w;
  const double h3 = h[3];
  const double b = (part / 2 + (1 - h0 / (2 * (h0 + h1))) * h0 / (6 * (h0 + h1 + h2))) *
                   (h0 * (h0 + h1) * (h0 + h1 + h2)) / (h1 * (h1 + h2) * (h1 + h2 + h3));
  const double r2 = h1 * (h1 + h2) / (h2 * (h2 + h3));
  w[0] += b, w[1] -= (1 + r1 + r2) * b, w[2] += (r1 + r2 * (1 + h2 / h3)) * b;
  w.push_back(-b * r2 * r1);
  return w;
}

template <bool follows_steps>
class IpndmK final : public KSampler<IpndmKOptions> {
 public:
  using KSampler::KSampler;
  static const OptionTable<Options>& options() {
    static const auto table = k_options<IpndmKOptions>().integer(
        "max_order", &IpndmKOptions::max_order, {1, 4}, "slopes that a step is made from; 1 is Euler's method");
    return table;
  }
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource&,
                const OnStep& on_step) const override {
    std::deque<Tensor> slopes;
    std::vector<double> lengths;  // the newest first
    for (size_t i = 0; i < plan.steps(); ++i) {
      const Level &from = plan.levels[i], &to = plan.levels[i + 1];
      const double h = to.sigma - from.sigma;
      slopes.push_front(slope_at(denoise, x, from));
      lengths.insert(lengths.begin(), h);
      if (slopes.size() > static_cast<size_t>(options_.max_order)) slopes.pop_back();
      const size_t order = to.sigma == 0 ? 1 : slopes.size();
      const SlopeWeights weights = follows_steps ? weights_of_steps(lengths, order) : weights_of_equal_steps(order);
      Tensor slope = slopes[0] * weights[0];
      for (size_t k = 1; k < order; ++k) slope = slope + slopes[k] * weights[k];
      x = x + slope * h;
      on_step(i + 1, plan.steps(), x);
    }
    return x;
  }
  /// kPictureIsRough and kLateStartIsRough: diff-sampler's weights of fourth order for steps of any length do not sum
  /// to 1.
  const void* extension(const char* name) const override {
    const std::string_view asked = name;
    const bool is_rough = follows_steps && options_.max_order == 4;
    return is_rough && (asked == kPictureIsRough || asked == kLateStartIsRough) ? this : nullptr;
  }
};

}  // namespace

MadeFactory ipndm() {
  FactoryInfo info;
  info.id = "ipndm";
  info.help = "iPNDM: a linear multistep method of fourth order with constant weights, one call a step.";
  return factory_of<IpndmK<false>>(std::move(info));
}

MadeFactory ipndm_v() {
  FactoryInfo info;
  info.id = "ipndm_v";
  info.help = "iPNDM_v: a linear multistep method of fourth order for steps of any length, one call a step.";
  return factory_of<IpndmK<true>>(std::move(info));
}

}  // namespace alice::schedulers
