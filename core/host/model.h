#pragma once
// A composed model: parts that belong together.

#include <memory>
#include <string>
#include <vector>

#include "core/api/text_encoder.h"
#include "core/api/unet.h"
#include "core/api/vae.h"
#include "core/host/prompt_cache.h"

namespace alice {

/// The parts of one model. Const and shared between requests.
struct Model {
  std::string id;  ///< "sd/name"
  std::shared_ptr<const Backend> backend;
  std::shared_ptr<const TextEncoder> text_encoder;
  std::shared_ptr<const UNet> unet;
  std::shared_ptr<const Vae> vae;
  std::shared_ptr<PromptCache> prompts = std::make_shared<PromptCache>();  ///< may be shared with other models
  std::vector<std::string> warnings;  ///< what those should know who use it: of its LoRAs
};

}  // namespace alice
