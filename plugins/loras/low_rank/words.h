#pragma once
// Textual inversions: files that teach text encoders words (Gal et al. 2022, arXiv 2208.01618), and those that
// kohya-ss/sd-scripts bundles with a LoRA.

#include <vector>

#include "core/api/lora.h"

namespace alice::low_rank {

/// By the names of tensors, whatever else the file has under "bundle_emb.NAME.":
///   string_to_param.*             A1111's own files
///   emb_params                    the same as safetensors, and trainers'
///   clip_l, clip_g                SDXL's two encoders
/// and, where it is the only tensor of a file and of one or two dimensions, its name is the word (diffusers).
std::vector<LoraWord> words_in(const TensorIndex& index);

}  // namespace alice::low_rank
