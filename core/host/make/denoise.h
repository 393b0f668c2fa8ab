#pragma once
// The second stop: noise to latents, step by step.

#include "core/host/make/sampling.h"

namespace alice {

/// From `start` on to latents, in one pass. `course`: with_beside(). Where a mask leaves the picture alone, the
/// result is its known latents. Throws what on_step throws.
Tensor denoise(const Model& model, const Settings& settings, const Course& course, const Start& start,
               NoiseSource& noise, const OnStep& on_step, const WrapDenoise& wrap = nullptr);

/// The same in two passes, of which settings.refining makes the last, with `refiners` for its course: it takes over
/// where hand_over_time() says, with the steps that the first one has completed behind it.
Tensor denoise_and_refine(const Model& model, const Settings& settings, const Course& course,
                          const Course& refiners, const Start& start, NoiseSource& noise, const OnStep& on_step,
                          const WrapDenoise& wrap = nullptr);

/// From noise alone, for as many pictures as `noise` has rows.
Tensor denoise(const Model& model, const Settings& settings, const Course& course, int64_t batch,
               NoiseSource& noise, const OnStep& on_step, const WrapDenoise& wrap = nullptr);

}  // namespace alice
