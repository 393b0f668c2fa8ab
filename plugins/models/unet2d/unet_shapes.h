#pragma once
// What the names and shapes of a single file tell of its UNet, and what is usual for the families that are recognised
// by them.

#include "plugins/models/unet2d/unet_config.h"

namespace alice::unet2d {

/// Widths, levels, layers, depth, tokens and projections come from the tensors. The number of heads does not: SD 1.x
/// (tokens of 768) has 8, SD 2.x (1024) and SDXL (2048, refiner 1280) heads of 64 numbers; for other tokens a fault
/// asks for settings.
UNetConfig derive_unet_config(const ModelFiles& files, std::vector<Fault>& faults);

/// The noise schedule of such a file, as a scheduler_config.json: what every published SD model was trained with. The
/// prediction type is given where the family or the file says it (SD 2.x has both).
Json usual_scheduler(const UNetConfig& config, const TensorIndex& index);

}  // namespace alice::unet2d
