#pragma once
// What SDXL and its refiner have in common.

#include "core/api/family.h"

namespace alice::stable_diffusion {

/// [1, n] float32.
Tensor numbers(const std::vector<int64_t>& values);

/// Does model_index.json, or the settings beside a file, ask for zeros where nobody says a negative prompt? Of a folder
/// that does not say, as diffusers does; of a file `otherwise`.
bool wants_zeros(const ModelContents& model, bool otherwise);

/// What their UNets' and VAEs' tensors cannot tell (ModelFiles::told).
Json unet_words(int64_t time_ids);
Json vae_words(const ModelContents& model);
/// training_leftovers(), and the flags of EDM, which schedule_of() heeds.
std::vector<std::string> passed_over();
Json schedule_of(const ModelContents& model);

}  // namespace alice::stable_diffusion
