#pragma once
// A job that a worker has, or whose end waits to be written.

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/front/pace.h"
#include "server/front/worker_process.h"
#include "server/jobs/job.h"

namespace alice {

struct RunningJob {
  Job job;                       // running or cancelling; `attempts` is the number of this run
  std::optional<size_t> worker;  // none when it has done its part
  std::chrono::steady_clock::time_point begun;
  std::map<int64_t, PictureFile> pictures;  // by index
  std::optional<JobProgress> progress;      // the last
  std::vector<std::string> plugins;         // whose code runs, as the worker said last
  StepClock clock;
  double eta_seconds = -1;
  bool is_cancelled = false;     // nothing else becomes of it, whatever its worker says
  std::optional<JobError> cancelled_for;  // what its error will say; nothing when its owner wanted it
  std::function<void()> ending;  // writes into the store what became of the run; empty while it goes on

  JobRun run() const { return {job.id, job.attempts}; }
  bool is_decoding() const { return progress.has_value() && progress->stage == JobStage::decode; }
};

/// "the worker ended by SIGSEGV while it denoised, in code of the plugin samplers (step 12 of 20, sd/emoji, scheduler
/// ddim)".
std::string death_sentence(const RunningJob& run, const WorkerEnd& end);

/// The job as it has succeeded. Throws Error(internal) when a picture is missing.
Job succeeded_job(const RunningJob& run, const JobDone& done);

}  // namespace alice
