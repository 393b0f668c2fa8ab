#pragma once
// From a UNet's raw prediction to the estimate of x0 that samplers ask for: input scaling, guidance, kinds of
// prediction.

#include <algorithm>
#include <optional>
#include <vector>

#include "core/api/scheduler.h"
#include "core/math/noise_model.h"

namespace alice {

/// The estimate of x0 from a network's output `m` for x at `level`. Exact for any scaling of x. Of diffusion, with N =
/// sqrt(alpha^2 + sigma^2): epsilon: (x - sigma m) / alpha; v: (alpha x / N - sigma m) / N; sample: m. Throws
/// Error(unsupported) for epsilon at alpha = 0: pure noise says nothing of x0 there. Of a flow, with S = alpha + sigma:
/// (x - sigma m) / S. Of EDM, with d = sigma_data and N = sqrt(sigma^2 + alpha^2 d^2): alpha d^2 x / N^2 + sigma d m /
/// N, the output subtracted instead for v (Karras et al. 2022, Table 1, where alpha is 1).
Tensor x0_from_prediction(const Tensor& m, const Tensor& x, const Level& level, const NoiseModel& model);

/// What the network is shown of x, whatever x's scaling: of unit variance where the latents have the deviation 1 (of
/// EDM, sigma_data); of a flow, on the straight line between picture and noise, at sigma / (alpha + sigma).
Tensor network_input(const Tensor& x, const Level& level, const NoiseModel& model);

struct Guidance {
  double scale = 1;  ///< 1 or less: no second pass (Ho and Salimans 2022)
  double rescale =
      0;  ///< Lin et al. 2023, section 3.4: share of the prediction whose deviation is set to the conditional one's
  /// Where guidance counts: from this share of the steps on, up to this one (Kynkaanniemi et al. 2024, "Applying
  /// Guidance in a Limited Interval"). Elsewhere the negative prompt is not asked, which halves a step.
  double start = 0, end = 1;
  bool is_told = false;  ///< the network is told the scale: no second pass either
  /// Of a network that is shown a picture, how strongly that counts (Brooks et al. 2023, equation 3): a third pass,
  /// with neither. Absent: the network is shown none.
  std::optional<double> picture_scale;

  /// The weights of several positive conditionings (Liu et al. 2022, "Compositional Visual Generation"; A1111's AND):
  /// negative + sum of weight * scale * (positive - negative). Empty: one of weight 1. Not with picture_scale.
  std::vector<double> parts;

  int64_t positives() const { return std::max<int64_t>(1, static_cast<int64_t>(parts.size())); }
  bool two_passes() const { return (scale > 1 || !parts.empty()) && !is_told; }
  /// Of one picture, where guidance counts; else there are positives().
  int64_t rows() const { return !two_passes() ? positives() : picture_scale ? 3 : positives() + 1; }
  /// Before step `step` of `steps`, counted from 0.
  bool counts_at(size_t step, size_t steps) const {
    const double done = static_cast<double>(step) / static_cast<double>(steps);
    return two_passes() && start <= done && done < end;
  }
};

/// Predictions [2 B, ...] for the negative conditioning, then for the positive -> the guided one [B, ...]. With
/// picture_scale [3 B, ...]: negative without the picture, negative with it, positive with it. With parts
/// [(1 + positives) B, ...].
Tensor guide(const Tensor& all, const Guidance& guidance);

/// Where guidance does not count: [positives B, ...], without the negative -> [B, ...]. The first positive stands for
/// the negative then, as A1111 has it where it leaves that out (modules/sd_samplers_cfg_denoiser.py).
Tensor guide_alone(const Tensor& positives, const Guidance& guidance);

}  // namespace alice
