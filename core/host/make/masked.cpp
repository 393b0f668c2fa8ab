#include "core/host/make/masked.h"

namespace alice {
namespace {

bool are_same(const Level& a, const Level& b) { return a.alpha == b.alpha && a.sigma == b.sigma && a.t == b.t; }

Tensor blended(const Start& start, const Tensor& x, const Tensor& known) {
  return known * (1 - start.mask) + x * start.mask;
}

}  // namespace

Tensor with_known(const Start& start, const Tensor& x, const Level& level, const Level& first) {
  if (!start.mask.defined() || are_same(level, first)) return x;
  return blended(start, x, add_noise(start.known, start.noise, level));
}

Tensor known_at_end(const Start& start, const Tensor& x) {
  return start.mask.defined() ? blended(start, x, start.known) : x;
}

}  // namespace alice
