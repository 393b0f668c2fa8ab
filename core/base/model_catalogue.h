#pragma once
// Which models there are: those that the configuration names, and what lies in the models folder.

#include <map>
#include <string>
#include <vector>

#include "core/base/host_config.h"

namespace alice {

/// Every model by id. Nothing is opened. The models folder is searched three levels deep: a folder with a
/// model_index.json is a model, and so is a file with one of tensor_endings() that lies in no such folder. Its id is
/// "sd/" and its path below the folder, without that ending; a file whose id is taken (x/ and x.safetensors,
/// x.safetensors and x.ckpt) keeps it, so no two collide. "loras", hidden entries, and folders that were searched
/// before under another name are passed over. A model that the configuration names takes the place of one found under
/// the same id; one of the models folder the place of one that came with ALICE (HostConfig::shipped_models).
std::map<std::string, ModelConfig> list_models(const HostConfig& config);

/// The model that a name means: an id, an id without "sd/", or, when `paths_allowed`, a folder or file.
/// Throws Error(not_found) at `place` with "did you mean".
ModelConfig find_model(const HostConfig& config, const std::string& name, bool paths_allowed, const std::string& place);

}  // namespace alice
