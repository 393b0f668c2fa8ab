#pragma once
// DPM-Solver-1, -2 and -3 (Lu et al. 2022, arXiv 2206.00927, Algorithms 1 and 2; k-diffusion's DPMSolver): steps from
// one sigma to another with one, two and three calls, of the noise estimate eps = (x - x0) / sigma.

#include <functional>

#include "plugins/schedulers/k_diffusion/common.h"

namespace alice::schedulers {

/// One step from a level. What was called stays, so that a second step from there, of another order, costs less.
class DpmSolverSteps {
 public:
  /// Told after each call but the first: x as it stood at that call. May be empty.
  using OnCall = std::function<void(const Tensor& x)>;

  DpmSolverSteps(const Denoise& denoise, const LevelFinder& levels, Tensor x, const Level& from, OnCall on_call);

  Tensor first(double to) const;
  /// r: where between the two levels, in log sigma, the second call is.
  Tensor second(double to, double r = 0.5);
  Tensor third(double to);

 private:
  double sigma_at(double to, double share) const { return from_.sigma * std::pow(to / from_.sigma, share); }
  const Tensor& at_share(double to, double r);

  const Denoise& denoise_;
  const LevelFinder& levels_;
  Tensor x_;
  Level from_;
  OnCall on_call_;
  Tensor eps_, eps_r_;
};

}  // namespace alice::schedulers
