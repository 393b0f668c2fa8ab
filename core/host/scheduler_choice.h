#pragma once
// Which scheduler runs, and on which noise schedule: the model's own files, the configuration and the request, each
// over the one before.

#include <string>

#include "core/base/host_config.h"
#include "core/host/pipeline.h"
#include "core/host/registry.h"

namespace alice {

/// What a model says of its scheduler.
struct SchedulerSource {
  Json config;        ///< scheduler_config.json (with "_class_name"), or what the UNet's recognition gave; may be null
  std::string place;  ///< the file, for messages
  PartConfig configured;  ///< the model's `scheduler` in the configuration
  std::string fallback;   ///< generation.default_scheduler: used when neither of the above names one
};

/// The name that `source` settles on: configured, else the class in the model's files, else the fallback, else the
/// first scheduler there is. `origin` is told where it came from.
std::string default_scheduler(const Registry& registry, const SchedulerSource& source, std::string& origin);

/// Makes the scheduler `name` (id or alias; "" means the default) with the request's `options` (places
/// "/scheduler_options/..."). Layers, each over the one before: the model's scheduler_config.json (unknown keys passed
/// over: it may be another class's), the alias's options, the configuration's when it names the same scheduler, the
/// request's. Keys of the noise schedule may stand in any of them. What they come to stands in the result's options.
/// Throws Error(bad_request), Error(bad_config) with every fault.
ChosenScheduler choose_scheduler(const Registry& registry, const SchedulerSource& source, const std::string& name,
                                 const Json& options);

}  // namespace alice
