#include "core/api/scheduler.h"

#include "core/base/error.h"

namespace alice {

Plan Plan::from(size_t k) const {
  if (k >= steps())
    throw Error(
        ErrorCode::bad_request, "/strength",
        "leaves no step to do: the first step would be " + std::to_string(k) + " of " + std::to_string(steps()));
  Plan rest = *this;
  rest.levels.erase(rest.levels.begin(), rest.levels.begin() + static_cast<std::ptrdiff_t>(k));
  rest.first_step = first_step + k;
  return rest;
}

Tensor add_noise(const Tensor& x0, const Tensor& noise, const Level& level) {
  return x0 * level.alpha + noise * level.sigma;
}

}  // namespace alice
