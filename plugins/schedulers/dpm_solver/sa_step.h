#pragma once
// The predictor and the corrector of SA-Solver (Xue et al. 2023, equations 14 and 17).

#include <deque>

#include "core/api/scheduler.h"

namespace alice::schedulers {

/// What is integrated: x0, or the noise.
enum class SaPrediction { data, noise };

/// A step from one level to another: where it starts, the noise that it adds, and how much of it.
struct SaStep {
  SaPrediction prediction;
  float tau;
  Level from, to;
  Tensor x, fresh;  ///< x at `from`; standard normal of its shape
};

/// What was seen, and at which lambda.
struct SaOutput {
  Tensor value;
  float lambda;
};
/// The newest first.
using SaHistory = std::deque<SaOutput>;

/// x at step.to from `order` outputs at step.from and before. 1 <= order <= 4.
Tensor sa_predict(const SaStep& step, const SaHistory& history, int order);
/// x at step.to once more, from the output there, which is the newest, and order - 1 before it. 1 <= order <= 4.
Tensor sa_correct(const SaStep& step, const SaHistory& history, int order);

}  // namespace alice::schedulers
