#pragma once
// The weights of a UNet2DConditionModel and how files name them: diffusers, and latent diffusion's own within a single
// file.

#include "plugins/models/unet2d/unet_config.h"

namespace alice::unet2d {

/// What every name of the UNet begins with in a single-file model.
inline constexpr const char* kLdmRoot = "model.diffusion_model.";

enum class UNetLayout { diffusers, ldm };
/// Empty when there is no such UNet in the index.
std::optional<UNetLayout> find_unet(const TensorIndex& index);

std::vector<WantedParameter> unet_parameters(const UNetConfig& config);

/// Is a name of a file in this layout the UNet's business? In a single file also what belongs to the whole model and is
/// of no use for making pictures: see passes_over().
bool belongs(const std::string& name, UNetLayout layout);
/// Tables of the noise schedule, averaged copies of the weights, flags of how the model was trained.
bool passes_over(const std::string& name, UNetLayout layout);

}  // namespace alice::unet2d
