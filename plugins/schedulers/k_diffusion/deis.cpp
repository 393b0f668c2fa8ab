// DEIS with polynomials in time (tAB-DEIS: Zhang and Chen 2022, arXiv 2204.13902, equations 14 and 15;
// zju-pi/diff-sampler, ComfyUI's sample_deis): Adams and Bashforth's method whose weights are integrals over the time
// of a variance-preserving schedule between sigma 0.002 and 80. The last step, to sigma 0, is Euler's.

#include <deque>
#include <vector>

#include "plugins/schedulers/k_diffusion/common.h"

namespace alice::schedulers {
namespace {

struct DeisOptions : KOptions {
  int64_t max_order = 3;
};

/// abar(t) = exp(-t^2 slope / 2 - t least), t from 0.001 to 1.
class DeisTime {
 public:
  DeisTime() {
    constexpr double kFirst = 1e-3, kLeastSigma = 0.002, kLargestSigma = 80;
    const double least = std::log(kLeastSigma * kLeastSigma + 1), most = std::log(kLargestSigma * kLargestSigma + 1);
    slope_ = 2 * (least / kFirst - most) / (kFirst - 1);
    start_ = most - slope_ / 2;
  }
  double of(double sigma) const {
    return (std::sqrt(start_ * start_ + 2 * slope_ * std::log(sigma * sigma + 1)) - start_) / slope_;
  }
  /// d sigma / dt.
  double rate(double t) const {
    const double abar = std::exp(-0.5 * t * t * slope_ - t * start_);
    return 0.5 * (t * slope_ + start_) / std::sqrt(abar * (1 - abar));
  }

 private:
  double slope_, start_;
};

/// What each slope counts for in the step from times[0] to `next`: times of the slopes, the newest first.
std::vector<double> deis_weights(const std::vector<double>& times, double next, const DeisTime& time) {
  constexpr int kPoints = 10000;
  const double width = (next - times[0]) / kPoints, apart = (next - times[0]) / (kPoints - 1);
  std::vector<double> weights(times.size(), 0);
  for (int i = 0; i < kPoints; ++i) {
    const double t = times[0] + i * apart, rate = time.rate(t) * width;
    for (size_t j = 0; j < times.size(); ++j) {
      double share = rate;
      for (size_t k = 0; k < times.size(); ++k)
        if (k != j) share *= (t - times[k]) / (times[j] - times[k]);
      weights[j] += share;
    }
  }
  return weights;
}

class Deis final : public KSampler<DeisOptions> {
 public:
  using KSampler::KSampler;
  static const OptionTable<Options>& options() {
    static const auto table = k_options<DeisOptions>().integer("max_order", &DeisOptions::max_order, {1, 4},
                                                               "slopes that a step is made from; 1 is Euler's method");
    return table;
  }
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource&,
                const OnStep& on_step) const override {
    const DeisTime time;
    std::deque<Tensor> slopes;
    std::vector<double> times;  // of the slopes, both the newest first
    for (size_t i = 0; i < plan.steps(); ++i) {
      const Level &from = plan.levels[i], &to = plan.levels[i + 1];
      slopes.push_front(slope_at(denoise, x, from));
      times.insert(times.begin(), time.of(from.sigma));
      if (slopes.size() > static_cast<size_t>(options_.max_order)) slopes.pop_back(), times.pop_back();
      if (slopes.size() == 1 || to.sigma == 0) {
        x = x + slopes[0] * (to.sigma - from.sigma);
      } else {
        const std::vector<double> weights = deis_weights(times, time.of(to.sigma), time);
        for (size_t k = 0; k < slopes.size(); ++k) x = x + slopes[k] * weights[k];
      }
      on_step(i + 1, plan.steps(), x);
    }
    return x;
  }
};

}  // namespace

MadeFactory deis() {
  const Json karras = spacing_preset(SigmaSpacing::karras);
  FactoryInfo info;
  info.id = "deis";
  info.help = "DEIS: a multistep method of third order with polynomials in time, one call a step.";
  info.aliases = {{"deis_karras", karras}, {"DEIS Karras", karras}};
  return factory_of<Deis>(std::move(info));
}

}  // namespace alice::schedulers
