#pragma once
// From a UNet's raw prediction to the estimate of x0 that samplers ask for: input scaling, guidance, kinds of
// prediction.

#include <memory>

#include "core/api/scheduler.h"
#include "core/api/unet.h"
#include "core/math/noise_model.h"

namespace alice {

/// The estimate of x0 from a network's output `m` for x at `level`. Exact for any scaling of x: with N = sqrt(alpha^2 +
/// sigma^2), epsilon: (x - sigma m) / alpha; v: (alpha x / N - sigma m) / N; sample: m. Throws Error(unsupported) for
/// epsilon at alpha = 0: pure noise says nothing of x0 there.
Tensor x0_from_prediction(const Tensor& m, const Tensor& x, const Level& level, Prediction prediction);

/// x / sqrt(alpha^2 + sigma^2): what a network is shown, of unit variance.
Tensor scale_input(const Tensor& x, const Level& level);

struct Guidance {
  double scale = 1;  ///< 1 or less: no second pass (Ho and Salimans 2022)
  double rescale =
      0;  ///< Lin et al. 2023, section 3.4: share of the prediction whose deviation is set to the conditional one's
  bool two_passes() const { return scale > 1; }
};

/// A Denoise that asks `run`, whose conditioning has 2 B rows with two passes, the negative ones first, else B. The
/// caller keeps `run` alive for as long as the result is used.
Denoise make_denoiser(UNetRun& run, const Guidance& guidance, Prediction prediction);

}  // namespace alice
