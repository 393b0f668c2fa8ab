#pragma once
// DPM-Solver and DPM-Solver++ as singlestep methods: DPM++ 2S and its kin (Lu et al. 2022a, Algorithms 1 and 2; 2022b,
// Algorithm 1). Steps go in groups: the group's first is of first order, and each further one starts anew where the
// group started, of an order more.

#include "core/math/sampler_options.h"
#include "plugins/schedulers/dpm_solver/dpm_solver_multistep.h"

namespace alice::schedulers {

struct DpmSinglestepOptions : SigmaOptions, ThresholdingOptions {
  int64_t solver_order = 2;
  DpmAlgorithm algorithm_type = DpmAlgorithm::dpmsolver_pp;
  DpmSolverType solver_type = DpmSolverType::midpoint;
  bool lower_order_final = false;
  FinalSigma final_sigmas_type = FinalSigma::zero;
  double lambda_min_clipped = -std::numeric_limits<double>::infinity();
  std::optional<VarianceType> variance_type;
};

class DpmSolverSinglestep final : public Scheduler {
 public:
  using Options = DpmSinglestepOptions;
  static const OptionTable<Options>& options();
  static void check(const Options& options, const PlaceOf& place, Faults& faults);

  explicit DpmSolverSinglestep(const Options& options) : options_(options) {}
  /// The time steps are always evenly spread: as the reference, which has no timestep_spacing here.
  Plan plan(int64_t steps, const NoiseModel& model) const override;
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override;

 private:
  /// What the algorithm integrates: x0, or the noise.
  Tensor output(const Denoise& denoise, const Tensor& x, const Level& level) const;
  /// Of each step of a whole run. lower_order_final counts as true where the steps do not fill groups, and where the
  /// run ends at no noise: as the reference.
  std::vector<int> orders(int64_t steps, bool ends_at_zero) const;

  Options options_;
};

}  // namespace alice::schedulers
