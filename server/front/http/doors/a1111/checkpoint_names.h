#pragma once
// Models by the names that A1111's clients give to checkpoints.

#include <string>
#include <vector>

#include "server/front/job_service.h"

namespace alice::a1111 {

struct Checkpoint {
  std::string id;          ///< "sd/folder/name"
  std::string title;       ///< "folder/name.safetensors [0123456789]"; without the hash where it is not known
  std::string model_name;  ///< "folder_name"
  std::string file_name;   ///< "folder/name.safetensors": no path of this machine
  std::string sha256;      ///< "" where it is not known

  std::string short_hash() const { return sha256.substr(0, 10); }
};

/// Those that can be used.
std::vector<Checkpoint> list_checkpoints(const ServerState& state);

/// The id of the one that `name` means: its title, with or without the hash, its name with or without an extension, its
/// hash, long or short, or the id itself. "" when there is none. While no model is described, `name` itself.
std::string find_checkpoint(const ServerState& state, const std::string& name);

/// The title of a model by its id; the model's name when it is not described.
std::string title_of(const ServerState& state, const std::string& id);

}  // namespace alice::a1111
