#pragma once
// The section workers: groups of workers that serve some models apart from the rest.

#include "server/config/section_reader.h"

namespace alice {

/// A group's keys beside models and plugins.
const OptionTable<WorkerGroupConfig>& group_options();

/// Reads the section over the groups that `server` has; a group's entry is one value and is taken whole.
void read_worker_groups(const ConfigNode& node, SectionReader& reader, ServerConfig& server);

/// Once every layer is read: absent values are filled in; a model in two groups is a fault; a model that is nowhere,
/// and a library that every worker loads although a group names it, are warnings.
void settle_worker_groups(Config& config, Faults& faults);

}  // namespace alice
