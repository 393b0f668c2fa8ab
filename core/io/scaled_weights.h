#pragma once
// Weights that a file keeps divided by a factor, which lies beside them.

#include <memory>

#include "core/api/weights.h"

namespace alice {

/// The tensors of `source`, each "x.weight" that has an "x.scale_weight" or "x.weight_scale" beside it multiplied by
/// that when it is read: float32, as its index says too (ComfyUI's "scaled fp8": W = W8 * scale; comfy/ops.py). A scale
/// is one number, or one for each row. What only quick products of eight bits need is left out of the index with the
/// scales: "x.scale_input", "x.input_scale", "x.comfy_quant" and the mark "scaled_fp8". `source` itself when it has no
/// scales. Reading a weight throws Error(unsupported), naming its scale, for a scale of another shape or kind
/// ("x.weight_scale_inv"). Any thread.
std::shared_ptr<const WeightSource> with_scales(std::shared_ptr<const WeightSource> source);

}  // namespace alice
