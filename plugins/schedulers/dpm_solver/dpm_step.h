#pragma once
// One step of the DPM-Solver family (Lu et al. 2022a, arXiv 2206.00927; 2022b, arXiv 2211.01095).

#include <deque>

#include "core/api/scheduler.h"

namespace alice::schedulers {

enum class DpmAlgorithm {
  dpmsolver,      ///< integrates the noise estimate (2022a)
  dpmsolver_pp,   ///< integrates the picture estimate (2022b)
  sde_dpmsolver,  ///< the same two for the diffusion SDE: they add noise (2022b)
  sde_dpmsolver_pp,
};
bool is_stochastic(DpmAlgorithm algorithm);
bool integrates_x0(DpmAlgorithm algorithm);

/// The weight of the derivative in a second-order step: half the output's (midpoint), or the exact integral (heun).
enum class DpmSolverType { midpoint, heun };

/// What is integrated, where it was seen.
struct DpmOutput {
  Tensor value;
  float lambda;
};
/// The latest first.
using DpmHistory = std::deque<DpmOutput>;

/// A step of length h in lambda is x * keep + output * output's weight + derivatives times theirs + noise * fresh. The
/// derivatives are the output's first and second in lambda times h and h^2 (or half of it); the second has half the
/// weight that the integral would give it: so in the authors' code, and in the reference.
struct DpmWeights {
  float keep, output, first, second, fresh;
};
/// order 1 to 3; those of the derivatives that it does not use are 0.
DpmWeights dpm_weights(DpmAlgorithm algorithm, DpmSolverType type, int order, const Level& from, const Level& to);

/// x at `from` -> x at `to`. history: the outputs at `from` and before, at least `order` of them. order 1 to 3, for
/// sde_dpmsolver 2 at most. Where to.sigma is 0, or a step leads nowhere, the order is 1 and, for sigma 0,
/// integrates_x0(). `noise` is standard normal, of x's shape, for stochastic algorithms only.
Tensor dpm_step(DpmAlgorithm algorithm, DpmSolverType type, int order, const Tensor& x, const DpmHistory& history,
                const Level& from, const Level& to, const Tensor& noise);

}  // namespace alice::schedulers
