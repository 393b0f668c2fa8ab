#pragma once
// The last stop: latents to pixels.

#include "core/host/model.h"

namespace alice {

/// Latents to u8 [B, H, W, 3]: the reference's rounding. Throws Error(internal) when a number is not finite.
Tensor decode(const Model& model, const Tensor& latents);

}  // namespace alice
