#pragma once
// Which plugins make a job's pictures, stage by stage: who is to be named when one of them ends the worker.

#include <string>
#include <vector>

#include "core/host/composer.h"

namespace alice {

/// Ids of plugins (libraries, not factories). A part of a model computes with the backend's kernels: its stage has
/// both.
struct JobPlugins {
  std::vector<std::string> encode, denoise, decode;  ///< of the stage's parts
  std::vector<std::string> scheduler;
  /// All that there are, when LoRAs are asked for: they work at the load. Among those of `encode` too, since a token
  /// embedding that a LoRA changes is made for each prompt.
  std::vector<std::string> lora_formats;

  /// Each once.
  std::vector<std::string> all() const;
};

/// `paths_allowed`: see Composer::blueprint(). From headers alone, nothing is loaded. A scheduler or backend that is
/// not there has no plugin; whoever prepares the request tells so. Throws as Composer::blueprint().
JobPlugins plugins_of(const GenerateRequest& request, const Composer& composer, bool paths_allowed);

}  // namespace alice
