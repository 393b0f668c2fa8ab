#pragma once
// A call of a reference pipeline, as a golden's table tells it, in our terms.

#include <optional>
#include <string>
#include <vector>

#include "core/host/make/generate.h"
#include "server/worker/compat/compat.h"
#include "server/worker/compat/run_pictures.h"

namespace alice {

struct ReferenceCall {
  std::string id, pipeline, scheduler;
  Json arguments;           ///< with the pipeline's defaults where the call names nothing
  GenerateRequest request;  ///< with the options of the scheduler that stand among the arguments
  RunPictures pictures;
  std::string embedding;  ///< a file of textual inversions; "": none
  std::optional<double> ends_at, begins_at;  ///< shares of the noise schedule: of an ensemble of runs
  int64_t batch = 1;
};

/// The class of pipeline that a run was made with: as it says, else as its model does.
std::string pipeline_class(CompatRun& run, const GoldenTable& table, const Json& one);
/// Its arguments, the pipeline's defaults among them.
Json arguments_of(const CompatRun& run, const std::string& pipeline, const Json& one);
/// The LoRAs that it has ("NAME:STRENGTH,..."), of files beside the table.
std::vector<LoraFile> loras_of(CompatRun& run, const GoldenTable& table, const Json& one);
/// Throws Skip for what is not built, with the names of pipelines, inputs and arguments.
ReferenceCall read_call(CompatRun& run, const GoldenTable& table, const Json& one);

}  // namespace alice
