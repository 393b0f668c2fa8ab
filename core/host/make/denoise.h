#pragma once
// The second stop: noise to latents, step by step.

#include <functional>

#include "core/api/scheduler.h"
#include "core/host/make/start.h"
#include "core/host/model.h"
#include "core/host/settings.h"

namespace alice {

/// Stands between sampler and network: to record, to answer from a record, to look. Called once a batch.
using WrapDenoise = std::function<Denoise(Denoise)>;

/// From `start` on to latents. `conditioning`: with_beside(). Where a mask leaves the picture alone, the result is its
/// known latents. Throws what on_step throws.
Tensor denoise(const Model& model, const Settings& settings, const Conditioning& conditioning, const Start& start,
               NoiseSource& noise, const OnStep& on_step, const WrapDenoise& wrap = nullptr);

/// From noise alone, for as many pictures as `noise` has rows.
Tensor denoise(const Model& model, const Settings& settings, const Conditioning& conditioning, int64_t batch,
               NoiseSource& noise, const OnStep& on_step, const WrapDenoise& wrap = nullptr);

}  // namespace alice
