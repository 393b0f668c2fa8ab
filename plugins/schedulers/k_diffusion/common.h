#pragma once
// What the samplers of this library share.

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "core/math/run_noise.h"
#include "core/math/sampler_factory.h"
#include "core/math/sigma_plan.h"
#include "plugins/schedulers/k_diffusion/samplers.h"

namespace alice::schedulers {

struct KOptions : SpacingOptions, SigmaOptions {};
/// Of a sampler that adds noise in each step.
struct KNoiseOptions : KOptions {
  double eta = 1, s_noise = 1;
};

template <class T>
OptionTable<T> k_options() {
  OptionTable<T> table;
  add_spacing_options(table);
  add_sigma_options(table);
  return table;
}
template <class T>
OptionTable<T> k_noise_options() {
  OptionTable<T> table = k_options<T>();
  add_noise_options(table);
  return table;
}
template <class T>
void add_noise_options(OptionTable<T>& table) {
  table.number("eta", &T::eta, {0, 1}, "share of fresh noise in each step: 0 is deterministic")
      .number("s_noise", &T::s_noise, {0, 10}, "deviation of the fresh noise");
}

/// A sampler over visited_sigma_plan(), with options of type O.
template <class O>
class KSampler : public Scheduler {
 public:
  using Options = O;
  static void check(const O& options, const PlaceOf& place, Faults& faults) {
    check_sigma_options(options, place, faults);
  }
  explicit KSampler(const O& options) : options_(options) {}
  Plan plan(int64_t steps, const NoiseModel& model) const override {
    return visited_sigma_plan(options_, options_, steps, model);
  }

 protected:
  O options_;
};

/// The same, in x / alpha on a flow, whose straight line has no variance of its own: levels with alpha 1 at sigma /
/// alpha.
template <class O>
class RatioSampler : public KSampler<O> {
 public:
  using KSampler<O>::KSampler;
  Plan plan(int64_t steps, const NoiseModel& model) const override;
};

/// Of info.classes each has diffusers' defaults for latents.
template <class Sampler>
MadeFactory factory_of(FactoryInfo info) {
  std::vector<Alias> defaults;
  for (const std::string& name : info.classes) defaults.push_back({name, latent_betas()});
  return std::make_unique<SamplerFactory<Sampler>>(std::move(info), std::vector<Alias>(), std::move(defaults));
}

/// Levels with alpha 1. A flow begins just below plain noise, as ComfyUI has it.
Plan with_unit_alpha(Plan plan, const NoiseModel& model);

template <class O>
Plan RatioSampler<O>::plan(int64_t steps, const NoiseModel& model) const {
  return with_unit_alpha(KSampler<O>::plan(steps, model), model);
}

/// Levels of a model between those of a plan. Keeps a copy of the model.
class LevelFinder {
 public:
  explicit LevelFinder(const NoiseModel& model);
  /// Of a plan's kind: with alpha 1, or on a flow of its straight line.
  Level at(double sigma) const;
  /// With alpha 1, at sigma / alpha.
  Level at_ratio(double ratio) const;

 private:
  NoiseModel model_;
  std::optional<SigmaTable> table_;
};

/// From the largest to the least sigma of a model. Throws as check_steps().
SigmaRange whole_range(int64_t steps, const NoiseModel& model);

/// dx / dsigma: (x - x0) / sigma. Of a flow too, where it is the velocity.
Tensor slope_at(const Denoise& denoise, const Tensor& x, const Level& level);
/// x at level.sigma -> x at `sigma`, along the line to x0.
Tensor towards(const Tensor& x0, const Tensor& x, const Level& level, double sigma);

/// An ancestral step goes down to a lower sigma than the next, keeps the share `kept` of that, and adds noise of the
/// deviation `up` (k-diffusion's get_ancestral_step; on a flow ComfyUI's _RF samplers, where the picture's share
/// changes).
struct AncestralStep {
  double down, kept, up;
};
AncestralStep ancestral_step(const Level& from, const Level& to, double eta, bool is_flow);
bool is_flow(const NoiseModel& model);

/// The integrals of exp(u - h) times 1 and u over a step h of log signal-to-noise: h phi_1(-h) and h phi_2(-h).
inline double h_phi_1(double h) { return -std::expm1(-h); }
inline double h_phi_2(double h) { return std::expm1(-h) / h + 1; }

}  // namespace alice::schedulers
