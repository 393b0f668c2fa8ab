#pragma once
// The small models of the goldens, composed.

#include <memory>

#include "core/host/backend_choice.h"
#include "core/host/composer.h"
#include "core/host/make/generate.h"

namespace alice::test {

inline std::shared_ptr<const Registry> built_in_registry() {
  static const auto registry =
      std::make_shared<const Registry>(std::vector<PlacedPath>{{std::string(ALICE_BUILD_DIR) + "/plugins", "test"}});
  return registry;
}

/// A configuration with the goldens' models, the plain backend, and nothing else said.
inline HostConfig golden_models() {
  HostConfig config;
  prefer_plain_backend(*built_in_registry(), config);
  config.models_directory = std::string(ALICE_TEST_DATA) + "/goldens/models";
  return config;
}

inline constexpr const char* kFolderModel = "sd/tiny_sd15";
inline constexpr const char* kFileModel = "sd/tiny_sd15.safetensors";

/// Four steps at the size of the goldens.
inline GenerateRequest small_request(const std::string& model) {
  GenerateRequest request;
  request.model = model;
  request.prompt = "a photo of an astronaut riding a horse on mars";
  request.steps = 4;
  request.width = 128;
  request.height = 128;
  request.seed = 7;
  return request;
}

/// u8 [H, W, 3] each.
inline std::vector<Tensor> pictures(Composer& composer, const GenerateRequest& request, bool paths_allowed = false) {
  const PreparedRequest prepared = composer.prepare(request, paths_allowed);
  GenerateHooks hooks;
  std::vector<Tensor> out;
  hooks.on_image = [&](const GeneratedImage& image) { out.push_back(image.pixels); };
  std::vector<std::string> warnings;
  generate(*prepared.model, prepared.settings, hooks, warnings);
  return out;
}

}  // namespace alice::test
