#pragma once
// Samplers and schedulers in ComfyUI's words, from what workers tell of their plugins. ComfyUI has two lists where a
// plugin has one: a sampler is an algorithm, a scheduler says how the noise levels are spread.

#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace alice::comfy {

/// Those names of the described samplers that are words as ComfyUI writes them ("a_2m_b"), spacings left out; of a name
/// for people ("A++ 2M b") its word ("app_2m_b"). `description`: what workers say of themselves.
std::vector<std::string> list_samplers(const Json& description);

/// "normal" first, then what any of the samplers can do; "automatic", the model's own, at the end.
std::vector<std::string> list_spacings(const Json& description);

struct SamplerChoice {
  std::string scheduler;  ///< for GenerateRequest
  Json options = Json::object();
  std::string warning;  ///< "" for none
};

/// What `sampler` and `spacing` mean; a name that people use for a sampler is taken too. Nothing when there is no such
/// sampler.
std::optional<SamplerChoice> choose_sampler(const std::string& sampler, const std::string& spacing,
                                            const Json& description);

}  // namespace alice::comfy
