#pragma once
// DPM-Solver and DPM-Solver++ as multistep methods: DPM++ 2M and its kin (Lu et al. 2022b, Algorithm 2).

#include "core/math/sampler_options.h"
#include "plugins/schedulers/dpm_solver/dpm_step.h"
#include "plugins/schedulers/dpm_solver/variance_option.h"

namespace alice::schedulers {

struct DpmSolverOptions : SpacingOptions, SigmaOptions, ThresholdingOptions {
  int64_t solver_order = 2;
  DpmAlgorithm algorithm_type = DpmAlgorithm::dpmsolver_pp;
  DpmSolverType solver_type = DpmSolverType::midpoint;
  bool lower_order_final = true;
  bool euler_at_final = false;
  bool use_lu_lambdas = false;
  FinalSigma final_sigmas_type = FinalSigma::zero;
  double lambda_min_clipped = -std::numeric_limits<double>::infinity();
  std::optional<VarianceType> variance_type;
};

class DpmSolverMultistep final : public Scheduler {
 public:
  using Options = DpmSolverOptions;
  static const OptionTable<Options>& options();
  static void check(const Options& options, const PlaceOf& place, Faults& faults);

  explicit DpmSolverMultistep(const Options& options) : options_(options) {}
  Plan plan(int64_t steps, const NoiseModel& model) const override;
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override;

 private:
  SigmaSpacing spacing() const;
  /// What the algorithm integrates: x0, or the noise.
  Tensor output(const Denoise& denoise, const Tensor& x, const Level& level) const;
  /// The order of the plan's step i.
  int order_at(size_t i, const Plan& plan) const;

  Options options_;
};

}  // namespace alice::schedulers
