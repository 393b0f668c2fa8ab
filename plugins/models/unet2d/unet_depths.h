#pragma once
// How many transformer blocks each attention of a network has: transformer_layers_per_block of config.json, and
// reverse_transformer_layers_per_block where the way up has others (SSD-1B).

#include "plugins/models/unet2d/unet_config.h"

namespace alice::unet2d {

/// Gives every level its depths: of `config` one number for all levels, one a level, or one an attention. Adds faults.
void read_depths(const Json& config, std::vector<UNetLevel>& levels, const PlaceOf& place, Faults& faults);
/// Puts them into `config` as diffusers writes them.
void write_depths(const std::vector<UNetLevel>& levels, Json& config);

}  // namespace alice::unet2d
