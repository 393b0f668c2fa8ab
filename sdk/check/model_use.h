#pragma once
// One call of everything that a model computes, each row of a batch from a seed of its own.

#include <string>
#include <vector>

#include "core/api/text_encoder.h"
#include "core/api/unet.h"
#include "core/api/vae.h"

namespace alice::check {

/// [B, ...] each. What the seeds draw is the same in a batch and alone.
std::vector<Tensor> outputs_of(const TextEncoder& encoder, const std::vector<uint64_t>& seeds);
std::vector<Tensor> outputs_of(const UNet& unet, const std::vector<uint64_t>& seeds);
std::vector<Tensor> outputs_of(const Vae& vae, const std::vector<uint64_t>& seeds);

/// Standard normal, a row a seed: [seeds, shape...] float32.
Tensor rows_of(const std::vector<int64_t>& shape, const std::vector<uint64_t>& seeds);
/// ids [seeds, T] of a few prompts.
Tensor ids_of(const TextEncoder& encoder, const std::vector<uint64_t>& seeds);
/// All that the UNet's info asks for.
Conditioning conditioning_of(const UNet& unet, const std::vector<uint64_t>& seeds);

}  // namespace alice::check
