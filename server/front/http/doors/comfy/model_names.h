#pragma once
// Models and LoRAs by the names that ComfyUI gives to files.

#include <string>
#include <vector>

#include "server/front/job_service.h"

namespace alice::comfy {

inline constexpr const char* kOwnVae = "Automatic";  ///< the model's own

/// "folder/name.safetensors": of those that can be used.
std::vector<std::string> list_checkpoints(const ServerState& state);
/// "name.safetensors".
std::vector<std::string> list_loras(const ServerState& state);

/// The id of the one that `name` means, with or without its ending, or the id itself; "" when there is none.
std::string find_checkpoint(const ServerState& state, const std::string& name);
std::string find_lora(const ServerState& state, const std::string& name);

}  // namespace alice::comfy
