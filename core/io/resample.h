#pragma once
// Pictures of 8 bits at another size, and softened: byte for byte what Pillow makes, which the reference software uses.

#include "core/api/tensor.h"

namespace alice {

enum class Resampling { nearest, bilinear, lanczos };

/// uint8 [H, W] or [H, W, C] on the CPU -> the same with the given sides, each at least 1; a new tensor, or `picture`
/// itself when the sides are its own. What shrinks is averaged over as many pixels as it must be (nearest is not). Any
/// thread.
Tensor resample(const Tensor& picture, int64_t width, int64_t height, Resampling how);

/// uint8 [H, W] or [H, W, C] on the CPU: a Gaussian of the standard deviation `radius` in pixels, made of three boxes
/// each way (Gwosdek et al. 2011); beyond the edges lies what is at the edge. 0: `picture` itself. Any thread.
Tensor blur(const Tensor& picture, double radius);

}  // namespace alice
