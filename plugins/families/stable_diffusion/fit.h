#pragma once
// Do parts belong together?

#include "core/api/family.h"

namespace alice::stable_diffusion {

/// The conditioning that the network wants and a family makes; widths of 0 are not asked about.
struct Made {
  int64_t tokens = 0;
  std::map<std::string, int64_t> further;  ///< the guidance scale, which the host makes, apart
};

/// Throws Error(bad_weights) with a sentence when the UNet wants other tokens, the VAE has other latents, or the UNet
/// wants what is not made.
void check_fit(const ModelContents& model, const PartInfos& parts, const Made& made);

/// The encoder of a role. Throws Error(bad_weights) when there is none.
const TextEncoderInfo& encoder_of(const ModelContents& model, const PartInfos& parts, const std::string& role);

}  // namespace alice::stable_diffusion
