#pragma once
// One run of a reference pipeline, stage by stage.

#include "server/worker/compat/compat.h"

namespace alice {

/// Is this case of a table a run?
bool is_run(const Json& one);
/// Whether it must not be skipped: a pipeline, scheduler and LoRAs of the scope, and nothing else.
bool run_in_scope(CompatRun& run, const GoldenTable& table, const Json& one);
/// With the model of `source`, a folder or a file; empty: the golden's own.
void check_run(CompatRun& run, CompatCase& check, const GoldenTable& table, const Json& one,
               const std::filesystem::path& source = {});

}  // namespace alice
