#pragma once
// What a model is for and what it can take, told from headers and configuration before anything of it is loaded: for
// clients, and for the front, which judges requests by it.

#include "core/host/blueprint.h"

namespace alice {

/// Its network is shown a picture: by what its plugins say of the files.
bool needs_picture(const Blueprint& blueprint);

/// {"native_width","native_height","size_multiple": pixels, "text_layers", "needs_picture", "needs_mask": see
///  RequestLimits,
///  "defaults": describe_defaults() of a request for this model, "scheduler" never empty,
///  "examples": [prompts], "card": read_model_card(),
///  "most_steps": {name: steps} of those schedulers that cannot take any number of steps with the model's options}.
/// What cannot be told is left out. Never throws; calls the schedulers' plan().
Json model_facts(const Registry& registry, const HostConfig& config, const Blueprint& blueprint);

}  // namespace alice
