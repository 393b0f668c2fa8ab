#pragma once
// Which scheduler runs, and on which noise schedule: the model's own files, the configuration and the request, each
// over the one before.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/api/scheduler.h"
#include "core/base/host_config.h"
#include "core/host/effective_options.h"
#include "core/host/registry.h"
#include "core/math/noise_model.h"

namespace alice {

/// A scheduler ready to run, and the noise schedule that it runs on.
struct ChosenScheduler {
  std::string name;    ///< as it was asked for: id or alias
  std::string plugin;  ///< the factory's id
  /// Those of the scheduler and of the noise schedule that have to be said to have them again (effective_options()),
  /// whoever set them.
  Json options = Json::object();
  /// Of these, what neither the display name stands for nor the model's own files say.
  Json further_options = Json::object();
  std::map<std::string, std::string> origins;  ///< of `options`: where each was said
  DisplayName display;
  std::shared_ptr<const Scheduler> scheduler;
  std::shared_ptr<const NoiseModel> noise_model;
};

/// What a model says of its scheduler.
struct SchedulerSource {
  Json config;        ///< scheduler_config.json (with "_class_name"), or what the UNet's recognition gave; may be null
  std::string place;  ///< the file, for messages
  PartConfig configured;        ///< the model's `scheduler` in the configuration
  std::string fallback;         ///< generation.default_scheduler: used when neither of the above names one
  std::vector<Fault> warnings;  ///< of no concern to those who ask for another scheduler
};

/// What `source` settles on.
struct DefaultScheduler {
  std::string name;               ///< an id or alias
  std::string origin;             ///< where it was said
  Json options = Json::object();  ///< that make it more like the class that it stands in for
  std::string stands_in_for;      ///< the class of the model's files that nobody implements; "" otherwise
};

/// Configured, else the class in the model's files, else one that is akin to that class, else the fallback, else the
/// first scheduler there is. Throws Error(unsupported) where nobody implements the class and it is of flow matching or
/// EDM.
DefaultScheduler default_scheduler(const Registry& registry, const SchedulerSource& source);

/// Makes the scheduler `name` (id or alias; "" means the default) with the request's `options` (places
/// "/scheduler_options/..."). Layers, each over the one before: the model's scheduler_config.json (it may be another
/// class's, so what does not fit this scheduler is passed over), what its class says by its name alone, the alias's
/// options, the configuration's when it names the same scheduler, the request's. Keys of the noise schedule may stand
/// in any of them. What they come to stands in the result's options. Throws Error(bad_request), Error(bad_config) with
/// every fault.
ChosenScheduler choose_scheduler(const Registry& registry, const SchedulerSource& source, const std::string& name,
                                 const Json& options);

/// What people should know of the model's own scheduler: that its class is not here and what stands in for it, and
/// members of its file that no scheduler knows. Throws as default_scheduler().
std::vector<Fault> scheduler_warnings(const Registry& registry, const SchedulerSource& source);

/// FactoryInfo::caution of a scheduler that is asked for (by id or alias) and that the model's own files and
/// configuration do not name; "" when there is nothing to say. Never throws.
std::string scheduler_caution(const Registry& registry, const SchedulerSource& source, const std::string& name);

}  // namespace alice
