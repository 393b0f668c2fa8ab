#include "core/math/x0_estimate.h"

namespace alice {

Tensor noise_of(const Tensor& x, const Tensor& x0, const Level& level) { return (x - x0 * level.alpha) / level.sigma; }

Tensor velocity_of(const Tensor& x, const Tensor& x0, const Level& level) {
  return (x * level.alpha - x0) / level.sigma;
}

Tensor thresholded(const Tensor& x0, double ratio, double most) {
  const Tensor limit = at::quantile(x0.abs().flatten(1), ratio, 1).clamp(1, most).view({-1, 1, 1, 1});
  return at::minimum(at::maximum(x0, -limit), limit) / limit;
}

}  // namespace alice
