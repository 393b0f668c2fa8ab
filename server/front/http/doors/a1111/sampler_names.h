#pragma once
// Samplers and schedulers in A1111's words, from what workers tell of their plugins. A1111 has two lists where a plugin
// has one: "samplers" are algorithms, "schedulers" say how the noise levels are spread. Older clients join both in one
// name.

#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace alice::a1111 {

struct Sampler {
  std::string name;                  ///< as people write it: the plugin's alias that has a capital letter
  std::vector<std::string> aliases;  ///< its other names
};

/// How noise levels are spread. A plugin's option "use_<name>_sigmas" says that it can do it, or a choice of its option
/// "spacing"; of two choices that differ by the web UI's name at their end, that one is meant.
struct Spacing {
  std::string name, label;  ///< "karras", "Karras"
};
/// The sampler's own, or what the model's files say.
inline constexpr const char* kOwnSpacing = "automatic";

/// `description`: what a worker says of itself (Described in server/link/message.h). Empty before the first.
std::vector<Sampler> list_samplers(const Json& description);
/// kOwnSpacing first.
std::vector<Spacing> list_spacings(const Json& description);

/// Whether `label`, the last words of a display name ("Karras"), is a spacing that these options of a scheduler ask
/// for.
bool is_spacing(const std::string& label, const Json& scheduler_options);

struct SamplerChoice {
  std::string scheduler;  ///< for GenerateRequest; "": the model's own
  Json scheduler_options = Json::object();
  std::vector<std::string> warnings;
};

/// What a request means by `sampler` ("": `usual`, the model's own) and `spacing` ("": what the sampler's name says).
/// In any case of letters, as the web UI reads them: a spacing at the end of the sampler's name counts more than the
/// other. Nothing when there is no such sampler; while nothing is described every name is taken as it is.
std::optional<SamplerChoice> choose_sampler(const std::string& sampler, const std::string& spacing,
                                            const std::string& usual, const Json& description);

}  // namespace alice::a1111
