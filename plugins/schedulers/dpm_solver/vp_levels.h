#pragma once
// Levels of the exponential integrators: alpha^2 + sigma^2 = 1, and lambda = log(alpha / sigma) as the variable of
// integration.
//
// Levels and the coefficients of steps are computed in float32, as the reference does: small differences of lambda lose
// digits, and at third order and 30 steps that shows in the pictures (1e-5) more than anything else.

#include "core/math/sampler_options.h"

namespace alice::schedulers {

/// A plan with the levels of `sigmas` (sigma / alpha, the end's included) and `times`, one fewer. The sigmas are kept
/// in float32 and the times cut to whole numbers, as the reference keeps them.
Plan vp_plan(const std::vector<double>& sigmas, const std::vector<double>& times);

/// Half the logarithm of the signal-to-noise ratio; infinite at sigma 0.
float lambda_of(const Level& level);

}  // namespace alice::schedulers
