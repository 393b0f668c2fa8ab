#pragma once
// A request with every default filled in and every value checked against the model that it asks for.

#include <string>
#include <vector>

#include "core/base/generation_defaults.h"
#include "core/base/host_config.h"
#include "core/base/picture_size.h"
#include "core/host/pipeline.h"

namespace alice {

struct SettingsSources {
  const GenerateRequest& request;
  const GenerateRequest& model_defaults;    ///< the model's `defaults` in the configuration
  const GenerateRequest& general_defaults;  ///< generation.default_*
};

/// The request's size, each side as any other value of resolve_settings().
PictureSize resolve_size(const SettingsSources& sources, const PictureSize& native);

/// The request's value, else the model's default, else the general one, else the built-in one
/// (core/base/request_fields.h), the model's native size, a drawn seed. Fills everything but `scheduler`. What the
/// request says and cannot have an effect is added to `warnings`. Throws Error(bad_request) with every fault: size no
/// multiple of the VAE's reduction, clip_skip beyond the text encoder.
Settings resolve_settings(const SettingsSources& sources, const Pipeline& pipeline, std::vector<std::string>& warnings);

/// The settings of one picture as a request that makes it again: for the words inside a picture.
GenerateRequest as_request(const Settings& settings, uint64_t seed);

}  // namespace alice
