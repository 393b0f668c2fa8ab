#pragma once
// What composes models, as plain data: filled by the config reader (server/config), used by core/host. Every value
// remembers where it was said, so that later faults (an unknown plugin, a bad option) name file, line and column.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/generate_request.h"

namespace alice {

/// A plugin's choice for one part of a model. Empty: derived from the model's own files.
struct PartConfig {
  std::string plugin;               ///< factory id or alias
  std::filesystem::path source;     ///< weights of this part from elsewhere (VAE swap); empty: the model's own
  Json options;                     ///< null or an object
  PlaceOf place = json_places("");  ///< of a member of options; place("") is the part itself
};

struct BackendConfig {
  std::string plugin;
  Json options;
  PlaceOf place = json_places("");
};

struct ModelConfig {
  std::string id;                ///< "sd/name"
  std::filesystem::path source;  ///< folder or file
  std::string backend;           ///< a key of HostConfig::backends; "" means HostConfig::default_backend
  PartConfig family, scheduler;
  std::map<std::string, PartConfig> parts;  ///< by role: "text_encoder", "text_encoder_2", "unet", "vae"
  std::optional<int64_t> max_pixels;  ///< of a picture; 0: any number; absent: HostConfig::max_pixels
  GenerateRequest defaults;           ///< of model_default_names()
  std::string place;

  /// Of a role that the configuration says nothing of: nothing. Valid as long as *this.
  const PartConfig& part(const std::string& role) const;
};

/// A path in the configuration, and where it stands.
struct PlacedPath {
  std::filesystem::path path;
  std::string place;
};

/// How many models, each set of LoRAs on one counted apart, a worker keeps loaded: those that were used last.
inline constexpr size_t kMostLoadedModels = 4;

struct HostConfig {
  std::vector<PlacedPath> plugins;  ///< library files; a folder stands for every *.so in it
  std::map<std::string, BackendConfig> backends;
  std::string default_backend;                ///< a key of backends; "": chosen for each model (core/host/backend_choice.h)
  std::filesystem::path models_directory;     ///< scanned for folders and files; "loras" in it for LoRAs
  /// Of an installed ALICE: those that came with it, beside the user's own, which come first. "": none.
  std::filesystem::path shipped_models;
  std::map<std::string, ModelConfig> models;  ///< by id, those that the configuration names
  GenerateRequest defaults;                   ///< generation.default_*: of general_default_names()
  std::filesystem::path cache_directory;      ///< where hashes of files are kept; empty: nowhere
  int threads = 0;                            ///< compute threads; 0: one a core
  std::optional<int64_t> max_pixels;          ///< of a picture; 0: any number; absent: by the model's native size
};

}  // namespace alice
