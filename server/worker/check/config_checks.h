#pragma once
// Is there everything that the configuration names?

#include <memory>
#include <vector>

#include "core/host/composer.h"
#include "server/config/config.h"
#include "server/worker/check/report.h"

namespace alice {

/// The workers of one group, as far as a check needs them.
struct CheckedGroup {
  WorkerGroupConfig group;
  std::shared_ptr<const Registry> registry;
  std::unique_ptr<Composer> composer;
};

/// What the configuration names and the workers of `group` cannot have, a fault each: the backends with their options
/// that its models use (of the default group also those that nobody uses, but for what this machine cannot run), its
/// models' schedulers, and generation.default_scheduler. Any thread.
std::vector<Fault> missing_names(Composer& composer, const Config& config, const std::string& group);

/// `faults` are those of reading the configuration. What it names and cannot be had (files with faults, libraries,
/// backends, schedulers, models, the model of requests that name none) is a failure; what a search of folders found
/// and cannot be used is skipped.
Report check_config(const std::vector<CheckedGroup>& groups, const Config& config, const std::vector<Fault>& faults);

}  // namespace alice
