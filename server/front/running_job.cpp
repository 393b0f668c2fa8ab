#include "server/front/running_job.h"

#include "server/link/whereabouts.h"

namespace alice {
std::string death_sentence(const RunningJob& run, const WorkerEnd& end) {
  const GenerateRequest& request = run.job.request.generate;
  return end.sentence + in_words({request.model, request.scheduler, run.progress, run.plugins});
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
