#pragma once
// The weights of a UNet2DConditionModel and how files name them: diffusers, and latent diffusion's own within a single
// file.

#include "plugins/models/unet2d/unet_config.h"

namespace alice::unet2d {

enum class UNetLayout { diffusers, ldm };
/// Empty when there is no such UNet in the files.
std::optional<UNetLayout> find_unet(const ModelFiles& files);

std::vector<WantedParameter> unet_parameters(const UNetConfig& config);

}  // namespace alice::unet2d
