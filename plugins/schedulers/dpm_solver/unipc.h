#pragma once
// UniPC: a predictor and a corrector of arbitrary order from one call a step (Zhao et al. 2023, arXiv 2302.04867).

#include "core/math/sampler_options.h"
#include "plugins/schedulers/dpm_solver/unipc_step.h"

namespace alice::schedulers {

struct UniPcOptions : SpacingOptions, SigmaOptions, ThresholdingOptions {
  int64_t solver_order = 2;
  bool predict_x0 = true;
  UniPcScale solver_type = UniPcScale::bh2;
  bool lower_order_final = true;
  std::vector<int64_t> disable_corrector;
  std::optional<std::string> solver_p;
  FinalSigma final_sigmas_type = FinalSigma::zero;
  std::optional<double> sigma_min, sigma_max;
};

/// A step to sigma 0 is of first order, where the exact solution is the estimate itself. (The reference gets numbers
/// that are not finite from solver_type bh1, from predict_x0 false and from lower_order_final false, unless
/// final_sigmas_type is sigma_min.)
class UniPc final : public Scheduler {
 public:
  using Options = UniPcOptions;
  static const OptionTable<Options>& options();
  static void check(const Options& options, const PlaceOf& place, Faults& faults);

  explicit UniPc(const Options& options) : options_(options) {}
  Plan plan(int64_t steps, const NoiseModel& model) const override;
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override;

 private:
  /// What is integrated: x0, or the noise.
  Tensor output(const Denoise& denoise, const Tensor& x, const Level& level) const;
  /// The order of the plan's step i.
  int order_at(size_t i, const Plan& plan) const;
  /// Whether the corrector is used on what the uncut plan's step `index` has reached.
  bool corrects(size_t index) const;

  Options options_;
};

}  // namespace alice::schedulers
