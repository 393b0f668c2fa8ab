#include "server/front/running_job.h"

namespace alice {
namespace {

std::string doing(const RunningJob& run) {
  if (!run.progress.has_value()) return "before it said what it did";
  const std::string& stage = run.progress->stage;
  if (stage == "load") return "while it loaded the model";
  if (stage == "encode") return "while it encoded the prompt";
  if (stage == "denoise") return "while it denoised";
  return "while it decoded and wrote the pictures";
}

std::string circumstances(const RunningJob& run) {
  std::string text;
  if (run.progress.has_value() && run.progress->stage == "denoise")
    text = "step " + std::to_string(run.progress->done) + " of " + std::to_string(run.progress->total) + ", ";
  text += run.job.request.generate.model;
  const std::string& scheduler = run.job.request.generate.scheduler;
  return scheduler.empty() ? text : text + ", scheduler " + scheduler;
}

}  // namespace

std::string death_sentence(const RunningJob& run, const WorkerEnd& end) {
  return end.sentence + " " + doing(run) + in_code_of(run.plugins) + " (" + circumstances(run) + ")";
}

Job succeeded_job(const RunningJob& run, const JobDone& done) {
  const auto expected = static_cast<size_t>(run.job.request.generate.n);
  if (run.pictures.size() != expected)
    throw Error(ErrorCode::internal, "worker",
                "said that the job is done, but of " + std::to_string(expected) + " pictures it named " +
                    std::to_string(run.pictures.size()));
  Job job = run.job;
  job.status = JobStatus::succeeded;
  for (const auto& [index, picture] : run.pictures) job.pictures.push_back(picture);
  job.warnings = done.warnings;
  job.settings = done.settings;
  job.resumed_from = done.resumed_from;
  job.finished_ms = now_ms();
  return job;
}

}  // namespace alice
