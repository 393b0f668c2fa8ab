#include "plugins/schedulers/k_diffusion/dpm_solver_steps.h"

namespace alice::schedulers {

DpmSolverSteps::DpmSolverSteps(const Denoise& denoise, const LevelFinder& levels, Tensor x, const Level& from,
                               OnCall on_call)
    : denoise_(denoise),
      levels_(levels),
      x_(std::move(x)),
      from_(from),
      on_call_(std::move(on_call)),
      eps_(slope_at(denoise, x_, from)) {}

Tensor DpmSolverSteps::first(double to) const { return x_ - eps_ * (from_.sigma - to); }

Tensor DpmSolverSteps::second(double to, double r) {
  const double whole = from_.sigma - to;  // sigma(to) (e^h - 1)
  const Tensor& eps_r = at_share(to, r);
  return x_ - eps_ * whole - (eps_r - eps_) * (whole / (2 * r));
}

Tensor DpmSolverSteps::third(double to) {
  constexpr double r1 = 1.0 / 3, r2 = 2.0 / 3;
  const double h = std::log(from_.sigma / to), middle = sigma_at(to, r2);
  const auto phi = [](double z) { return std::expm1(z) / z - 1; };
  const Tensor& eps_r1 = at_share(to, r1);
  const Tensor u2 = x_ - eps_ * (from_.sigma - middle) - (eps_r1 - eps_) * (middle * r2 / r1 * phi(r2 * h));
  if (on_call_) on_call_(u2);
  const Tensor eps_r2 = slope_at(denoise_, u2, levels_.at(middle));
  return x_ - eps_ * (from_.sigma - to) - (eps_r2 - eps_) * (to / r2 * phi(h));
}

const Tensor& DpmSolverSteps::at_share(double to, double r) {
  if (eps_r_.defined()) return eps_r_;
  const double sigma = sigma_at(to, r);
  const Tensor u = x_ - eps_ * (from_.sigma - sigma);
  if (on_call_) on_call_(u);
  eps_r_ = slope_at(denoise_, u, levels_.at(sigma));
  return eps_r_;
}

}  // namespace alice::schedulers
