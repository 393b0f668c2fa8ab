#pragma once
// What the names and shapes of a single file tell of its UNet.

#include "plugins/models/unet2d/unet_config.h"

namespace alice::unet2d {

/// Words of files.told that say what tensors cannot: numbers.
inline constexpr const char* kNativeSide = "sample_size";  ///< latents, the side that it was trained at
inline constexpr const char* kTimeIdCount = "time_ids";    ///< of a network that is told sizes beside its text

/// Widths, levels, layers, depth, tokens and projections come from the tensors. The number of heads does not: networks
/// with convolutions around their transformers (SD 1.x) have 8, those with linear layers (SD 2.x, SDXL) heads of 64
/// numbers; where a level's width does not allow that, a fault asks for settings.
UNetConfig derive_unet_config(const ModelFiles& files, std::vector<Fault>& faults);

}  // namespace alice::unet2d
