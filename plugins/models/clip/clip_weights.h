#pragma once
// The weights of a CLIP text encoder and how files name them: transformers with and without "text_model.", the same
// within a single file, and OpenCLIP's own names (SD 2.x and the second encoder of SDXL), where q, k and v are one
// tensor.

#include <optional>

#include "plugins/models/clip/clip_config.h"

namespace alice::clip {

/// How one file names them, without the part's root; by default as the folders of most models do.
struct ClipNames {
  std::string layout = "diffusers";    ///< or "ldm"
  std::string prefix = "text_model.";  ///< before "embeddings.", "encoder." and "final_layer_norm."
  bool open_clip = false;
  /// The last layer is not used: files.told says {"drops_last_layer": true}.
  bool drops_last_layer = false;
};

/// Empty when there is no CLIP text encoder in the files.
std::optional<ClipNames> find_clip(const ModelFiles& files);

/// What names and shapes tell. Heads have 64 numbers in every published CLIP; where that cannot be, a fault asks for
/// settings.
ClipConfig derive_clip_config(const ModelFiles& files, const ClipNames& names, std::vector<Fault>& faults);

std::vector<WantedParameter> clip_parameters(const ClipConfig& config, const ClipNames& names);

/// Of this encoder (names without the root), and known to be of no use: position numbers, logit scale, a layer or a projection that is not used.
bool passes_over(const std::string& name, const ClipConfig& config, const ClipNames& names);

}  // namespace alice::clip
