#pragma once
// A composed model: parts that belong together.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/api/family.h"
#include "core/host/prompt_cache.h"

namespace alice {

/// The parts of one model. Const and shared between requests.
struct Model {
  std::string id;  ///< "sd/name"
  std::shared_ptr<const Backend> backend;
  std::shared_ptr<const Family> family;
  std::vector<TextUse> texts;  ///< how its encoders read a prompt
  std::map<std::string, std::shared_ptr<const TextEncoder>> text_encoders;  ///< by role
  std::shared_ptr<const UNet> unet;
  std::shared_ptr<const Vae> vae;
  std::shared_ptr<PromptCache> prompts = std::make_shared<PromptCache>();  ///< may be shared with other models
  std::vector<std::string> warnings;  ///< what those should know who use it: of its LoRAs

  /// How many of the last layers a request may leave out (clip_skip) and one more: of the encoder that has the fewest.
  int64_t text_layers() const;
};

}  // namespace alice
