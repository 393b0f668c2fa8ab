// DPM-Solver++ for the stochastic equation, multistep (Lu et al. 2022, arXiv 2211.01095, Appendix B.2; k-diffusion's
// sample_dpmpp_2m_sde and sample_dpmpp_3m_sde): one network call a step. With l the log signal-to-noise ratio, h a step
// of it and H = h (1 + eta), the step is exact for an x0 that is a polynomial in l.

#include <deque>

#include "plugins/schedulers/k_diffusion/common.h"

namespace alice::schedulers {
namespace {

/// Of the second-order step's derivative: half the first-order weight, or the exact integral.
enum class SdeSolver { midpoint, heun };

struct Dpmpp2mSdeOptions : KNoiseOptions {
  SdeSolver solver_type = SdeSolver::midpoint;
};

/// x0 and how long the step behind it was.
struct SeenPicture {
  Tensor x0;
  double h;
};

/// The terms of the step's higher orders, from x0 and at most `order` - 1 before it, the newest first; undefined where
/// none is known.
Tensor higher_orders(const Tensor& x0, const std::deque<SeenPicture>& seen, double h, double grown, SdeSolver solver,
                     size_t order) {
  if (seen.empty()) return {};
  const double r0 = seen[0].h / h, weight = solver == SdeSolver::heun ? h_phi_2(grown) : h_phi_1(grown) / 2;
  const Tensor slope0 = (x0 - seen[0].x0) / r0;
  if (order == 2 || seen.size() == 1) return slope0 * weight;
  const double r1 = seen[1].h / h, third = weight / grown - 0.5;
  const Tensor slope1 = (seen[0].x0 - seen[1].x0) / r1, bend = (slope0 - slope1) / (r0 + r1);
  return (slope0 + bend * r0) * weight - bend * third;
}

Tensor multistep_sde(const Denoise& denoise, Tensor x, const Plan& plan, NoiseSource& source, const OnStep& on_step,
                     const KNoiseOptions& options, SdeSolver solver, size_t order) {
  RunNoise noise(source, plan);
  std::deque<SeenPicture> seen;
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level &from = plan.levels[i], &to = plan.levels[i + 1];
    const Tensor x0 = denoise(x, from);
    if (to.sigma == 0) {
      x = x0;
    } else {
      const double h = std::log(from.sigma / to.sigma), grown = h * (1 + options.eta);
      const Tensor before = x;
      x = x * (to.sigma / from.sigma * std::exp(-h * options.eta)) + x0 * h_phi_1(grown);
      const Tensor more = higher_orders(x0, seen, h, grown, solver, order);
      if (more.defined()) x = x + more;
      if (options.eta > 0)
        x = x + noise.between(before, from.sigma, to.sigma) *
                    (options.s_noise * to.sigma * std::sqrt(-std::expm1(-2 * h * options.eta)));
      seen.push_front({x0, h});
      if (seen.size() >= order) seen.pop_back();
    }
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

class Dpmpp2mSde final : public RatioSampler<Dpmpp2mSdeOptions> {
 public:
  using RatioSampler::RatioSampler;
  static const OptionTable<Dpmpp2mSdeOptions>& options() {
    static const auto table = k_noise_options<Dpmpp2mSdeOptions>().choice(
        "solver_type", &Dpmpp2mSdeOptions::solver_type,
        {{"midpoint", SdeSolver::midpoint},
         {"heun", SdeSolver::heun},
         {"logrho", SdeSolver::midpoint},  // in files of DEIS and UniPC models; read as diffusers reads it
         {"bh1", SdeSolver::midpoint},
         {"bh2", SdeSolver::midpoint}},
        "how a step weighs the derivative: half the first-order weight, or its exact integral");
    return table;
  }
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource& noise,
                const OnStep& on_step) const override {
    return multistep_sde(denoise, x, plan, noise, on_step, options_, options_.solver_type, 2);
  }
};

class Dpmpp3mSde final : public RatioSampler<KNoiseOptions> {
 public:
  using RatioSampler::RatioSampler;
  static const OptionTable<KNoiseOptions>& options() {
    static const auto table = k_noise_options<KNoiseOptions>();
    return table;
  }
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource& noise,
                const OnStep& on_step) const override {
    return multistep_sde(denoise, x, plan, noise, on_step, options_, SdeSolver::heun, 3);
  }
};

}  // namespace

MadeFactory dpmpp_2m_sde() {
  const Json karras = spacing_preset(SigmaSpacing::karras), exponential = spacing_preset(SigmaSpacing::exponential);
  const Json heun = {{"solver_type", "heun"}};
  FactoryInfo info;
  info.id = "dpmpp_2m_sde";
  info.help =
      "DPM++ 2M SDE: stochastic multistep of second order with the noise of a Brownian motion, one call a step.";
  info.aliases = {{"dpmpp_2m_sde_gpu"},
                  {"DPM++ 2M SDE"},
                  {"k_dpmpp_2m_sde"},
                  {"dpmpp_2m_sde_karras", karras},
                  {"DPM++ 2M SDE Karras", karras},
                  {"DPM++ 2M SDE Exponential", exponential},
                  {"dpmpp_2m_sde_heun", heun},
                  {"dpmpp_2m_sde_heun_gpu", heun},
                  {"DPM++ 2M SDE Heun", heun},
                  {"DPM++ 2M SDE Heun Karras", joined(heun, karras)},
                  {"DPM++ 2M SDE Heun Exponential", joined(heun, exponential)}};
  return factory_of<Dpmpp2mSde>(std::move(info));
}

MadeFactory dpmpp_3m_sde() {
  const Json karras = spacing_preset(SigmaSpacing::karras), exponential = spacing_preset(SigmaSpacing::exponential);
  FactoryInfo info;
  info.id = "dpmpp_3m_sde";
  info.help = "DPM++ 3M SDE: stochastic multistep of third order, one call a step; for many steps.";
  info.aliases = {{"dpmpp_3m_sde_gpu"},
                  {"dpm++_3m_sde"},
                  {"DPM++ 3M SDE"},
                  {"k_dpmpp_3m_sde"},
                  {"DPM++ 3M SDE Karras", karras},
                  {"DPM++ 3M SDE Exponential", exponential}};
  return factory_of<Dpmpp3mSde>(std::move(info));
}

}  // namespace alice::schedulers
