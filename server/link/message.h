#pragma once
// What front and worker say to each other over their socket. One message is a frame (frame.h) that holds a JSON object
// whose "say" names the kind. The front orders; the worker reports. A message about a job carries the job's id and the
// number of the attempt, so that a late word about an earlier attempt is known as such and passed over.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/base/error.h"
#include "core/base/estimate.h"
#include "core/base/generate_request.h"
#include "core/base/stage.h"
#include "core/base/picture_file.h"

namespace alice {

/// Which run of which job.
struct JobRun {
  std::string job;      ///< the job's id
  int64_t attempt = 1;  ///< 1, 2, ...
};

// --- front to worker

/// Make the pictures. The worker has at most one job at a time.
struct StartJob {
  JobRun run;
  GenerateRequest request;
  int64_t preview_every = 0;    ///< steps between two previews; 0: none
  std::string pictures_folder;  ///< picture k is written to <pictures_folder>/<job>-<k>.png
  std::string inputs_folder;    ///< the pictures that the request names lie in it, each called as its hash
  std::string record_file;      ///< where each step's result is recorded, and read from after a death
  int64_t max_record = 0;       ///< bytes of it, at most; 0: nothing is recorded
  int64_t reserve = 0;          ///< bytes that are kept free of each disk, at most (reserve_of())
  int64_t most_bytes = 0;       ///< of its own memory that the worker may take; more is refused beforehand; 0: any
  double most_seconds = 0;      ///< a job that would take longer is refused; 0: any
};
/// Stop between two steps; answered by JobFailed with the code cancelled. Without effect when the job has ended.
struct CancelJob {
  JobRun run;
};
/// Look which models there are and what they are, and answer with Described: at the start, and whenever models may have
/// come or gone. At most one is under way; of those that come meanwhile the last is carried out after it.
struct Describe {
  /// Models that another worker died or hung of while it looked at them: id -> {"stamp" (LookingAt's), "reason"}. They
  /// are not looked at while their files are the same, but described as unavailable, for that reason.
  Json pass_over = Json::object();
};
/// Answered by Pong at once, whatever the worker computes.
struct Ping {};
/// Load the model and try it once, so that its first job finds everything made. Answered by PreloadEnded; until then
/// the worker gets no job and no other Preload.
struct Preload {
  std::string model;  ///< id
};
/// A job waits: give the preload up before its next stage. Without effect when there is none.
struct StopPreload {};

using ToWorker = std::variant<StartJob, CancelJob, Describe, Ping, Preload, StopPreload>;

// --- worker to front

/// The worker is about to load this plugin library; "" when all are loaded. Whoever dies in between, died of it.
struct LoadingPlugin {
  std::string file;
};
/// The worker is about to look at the files of this model, to describe it; "" when it has looked at all. Whoever dies
/// or is silent in between, did so of it.
struct LookingAt {
  std::string model;  ///< id
  std::string stamp;  ///< another one when the model's files are others
};
/// The answer to Describe; jobs are taken from the first one on. Comes unasked too, when the worker has read hashes of
/// models that it did not know.
struct Described {
  int64_t pid = 0;
  /// {"models": [{"id","available","unavailable"?,"description","created" (s since 1970),"bytes","sha256"?, model_facts() and
  ///  write_size_rule()}],
  ///  "loras": [{"id","bytes","created","trigger_words"?,"base_model"?}], "plugins": what Registry::describe() says,
  ///  "noise_options": [OptionSpec::to_json()], which every scheduler takes, "generation_defaults":
  ///  describe_defaults(), "backend": words for people, "libtorch": version}
  Json description = Json::object();
};

/// A stage begins, or a step is done. Also the sign of life that step_timeout waits for.
struct JobProgress {
  JobRun run;
  JobStage stage = JobStage::load;
  int64_t first_image = 0, images = 0, all_images = 0;
  int64_t done = 0, total = 0;  ///< steps of this stage
  int64_t resumed_from = 0;     ///< steps that were taken from the record so far, not computed
};
/// What the job will take: said before its model is loaded. No word of it where it cannot be told.
struct JobEstimate {
  JobRun run;
  Estimate estimate;
};
/// Whose code runs for the job from now on: plugins by their ids, none when it cannot be told. No sign of life: a
/// sampler that never comes to the end of its step may ask the network for ever.
struct PluginsAtWork {
  JobRun run;
  std::vector<std::string> plugins;
};
/// For sentences: ", in code of the plugin a", ", in code of one of the plugins a, b"; "" for none.
std::string in_code_of(const std::vector<std::string>& plugins);
/// What the picture would be if it ended here.
struct JobPreview {
  JobRun run;
  int64_t image = 0;
  int64_t step = 0;
  std::string png;  ///< bytes
};
/// A picture is on the disk, whole and synced.
struct JobPicture {
  JobRun run;
  PictureFile picture;
};
struct JobDone {
  JobRun run;
  std::vector<std::string> warnings;  ///< "/negative_prompt: has no effect ..."
  Json settings = Json::object();     ///< write_generate_request() of what was really used; the seed is picture 0's
  int64_t resumed_from = 0;
};
struct JobFailed {
  JobRun run;
  ErrorCode code = ErrorCode::internal;
  std::string place, sentence;  ///< as in Error
};
/// The place of faults of the worker itself. Their sentences are for clients too, also those of internal faults: they
/// hold no paths, addresses or texts of libraries.
inline constexpr const char* kWorkerPlace = "worker";
/// A stage of a preload begins: its sign of life.
struct Preloading {
  std::string model;
  JobStage stage = JobStage::load;
};
struct PreloadEnded {
  enum class Outcome {
    done,
    stopped,  ///< as StopPreload asked; what was loaded stays loaded
    failed    ///< the worker has logged why
  };
  std::string model;
  Outcome outcome = Outcome::done;
};
/// The answer to Ping.
struct Pong {};
/// A line for the log. The front writes it as its own.
struct LogLine {
  std::string level;  ///< debug, info, warning, error, critical
  std::string text;
  std::string job;  ///< "" when about none
};

using ToFront = std::variant<LoadingPlugin, LookingAt, Described, JobEstimate, JobProgress, PluginsAtWork, JobPreview,
                             JobPicture, JobDone, JobFailed, Preloading, PreloadEnded, Pong, LogLine>;

/// The frame's payload. Bytes that are no UTF-8 are replaced, but in JobPreview::png, which is base64 in the JSON.
std::string write_message(const ToWorker& message);
std::string write_message(const ToFront& message);

/// Throws Error(internal) that names the member for everything that is no message of that direction.
ToWorker read_to_worker(const std::string& payload);
ToFront read_to_front(const std::string& payload);

}  // namespace alice
