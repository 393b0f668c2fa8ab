#include "plugins/families/stable_diffusion/fit.h"

namespace alice::stable_diffusion {
namespace {

void check_width(const ModelContents& model, const std::string& what, int64_t have, int64_t needed) {
  if (have == needed) return;
  throw Error(ErrorCode::bad_weights, model.place,
              what + " " + std::to_string(have) + " wide, the UNet needs " + std::to_string(needed) +
                  ": these parts do not belong together");
}

}  // namespace

void check_fit(const ModelContents& model, const PartInfos& parts, const Made& made) {
  check_width(model, "the text encoders' tokens are", made.tokens, parts.unet.context_width);
  check_width(model, "the VAE's latents are", parts.vae.latent_channels, parts.unet.out_channels);
  for (const auto& [name, width] : parts.unet.further_conditioning) {
    if (name == kGuidanceScale || name == kBeside) continue;
    const auto found = made.further.find(name);
    if (found == made.further.end())
      throw Error(ErrorCode::bad_weights, model.place,
                  "its UNet needs '" + name + "' beside the prompt's tokens, which models of this family do not make: "
                  "these parts do not belong together");
    check_width(model, "'" + name + "' is", found->second, width);
  }
}

const TextEncoderInfo& encoder_of(const ModelContents& model, const PartInfos& parts, const std::string& role) {
  const auto found = parts.text_encoders.find(role);
  if (found == parts.text_encoders.end())
    throw Error(ErrorCode::bad_weights, model.place, "has no " + role);
  return found->second;
}

}  // namespace alice::stable_diffusion
