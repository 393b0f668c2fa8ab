#include "server/worker/compare/likeness.h"

#include <cmath>

namespace alice {

double psnr(const Tensor& picture, const Tensor& reference) {
  const double error = (picture.to(at::kDouble) - reference.to(at::kDouble)).square().mean().item<double>();
  return 10 * std::log10(255.0 * 255.0 / error);
}

}  // namespace alice
