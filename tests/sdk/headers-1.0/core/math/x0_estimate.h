#pragma once
// What a sampler makes of a Denoise call's answer, the estimate x0: the noise or velocity that it implies, and its
// limits.

#include "core/api/scheduler.h"

namespace alice {

/// eps = (x - alpha x0) / sigma, of x's shape. level.sigma > 0.
Tensor noise_of(const Tensor& x, const Tensor& x0, const Level& level);

/// v = (alpha x - x0) / sigma (Salimans and Ho 2022), for levels with alpha^2 + sigma^2 = 1, sigma > 0.
Tensor velocity_of(const Tensor& x, const Tensor& x0, const Level& level);

/// Dynamic thresholding (Saharia et al. 2022, section 2.3): each image x0[b] is clamped to [-s, s] and divided by s,
/// where s is the `ratio` quantile of its absolute values, limited to [1, most] (`most` wins below 1). x0 [B, C, h, w],
/// 0 <= ratio <= 1, most > 0.
Tensor thresholded(const Tensor& x0, double ratio, double most);

}  // namespace alice
