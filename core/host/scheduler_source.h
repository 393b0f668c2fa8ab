#pragma once
// What a model's files say of its scheduler and of the noise that it was trained with, gathered from wherever it
// stands.

#include "core/host/blueprint.h"
#include "core/io/model_files.h"

namespace alice {

/// Fills blueprint.scheduler and its lines of the explanation; blueprint.parts must be chosen, and
/// blueprint.config.scheduler counts over the files. The class is model_index.json's, as in the reference, else that of
/// scheduler_config.json. Over the file's members stand Recognition::scheduler_corrections. Throws
/// Error(bad_config, unsupported) for a scheduler that cannot be made.
void settle_scheduler(const Registry& registry, const HostConfig& config, const StoredModel& stored,
                      Blueprint& blueprint);

}  // namespace alice
