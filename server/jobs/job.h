#pragma once
// A job: what somebody asked for and what became of it. Plain data.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/estimate.h"
#include "core/base/generate_request.h"
#include "core/base/picture_file.h"

namespace alice {

enum class JobStatus {
  queued,
  running,
  cancelling,  ///< somebody has cancelled it, and its worker has not let go of it yet: nothing else will become of it
  succeeded,
  failed,
  cancelled
};
const char* to_string(JobStatus status);
/// All of them, in this order.
std::vector<std::string> job_status_words();
/// Nothing for an unknown word.
std::optional<JobStatus> job_status_from(const std::string& word);
/// succeeded, failed or cancelled: nothing will change any more.
bool has_ended(JobStatus status);

/// A picture that a client sent, on its way to the disk.
struct SentPicture {
  std::string sha256;
  std::shared_ptr<const std::string> bytes;
};

/// How a job is dealt with, apart from what it makes.
struct JobTerms {
  std::string label = {};  ///< what its owner calls it and others that belong together; "": nothing
  int64_t priority = 0;    ///< among its owner's own jobs, greater ones first: 0 plus or minus kMostPriority
  /// Since 1970: nothing is wanted after it, and the job is cancelled.
  std::optional<int64_t> deadline_ms = {};
};
inline constexpr int64_t kMostPriority = 100;
/// 1 to 64 letters, on one line, no blank at either end.
bool is_label(const std::string& text);

/// How much of the server is an owner's; 0: any.
struct OwnerLimits {
  int64_t waiting_jobs = 0;    ///< at once
  int64_t daily_pictures = 0;  ///< asked for within any 24 hours, but for those of jobs that failed or were cancelled
};

struct JobRequest {
  GenerateRequest generate;
  int64_t preview_every = 0;  ///< steps between two previews; 0: none
  std::string request_id;     ///< of the HTTP request that brought it
  std::string owner = {};     ///< the user whose job it is; "" while there are no keys
  /// What the client calls this request, so that it may be brought twice and is done once; unique among its owner's.
  /// "": nothing.
  std::string key = {};
  JobTerms terms = {};
  OwnerLimits limits = {};              ///< of its owner, when it came; not kept
  std::vector<SentPicture> sent = {};  ///< of those that `generate` names; none any more once the job is taken
};

/// The same of two requests that ask for the same: 64 hex digits. Before anything is settled for the client.
std::string fingerprint_of(const JobRequest& request);

struct JobError {
  ErrorCode code = ErrorCode::internal;
  std::string place, sentence;  ///< as in Error
};

struct Job {
  std::string id;  ///< 32 small hex digits: 12 of the time in milliseconds, 20 drawn; sorts by age, cannot be guessed
  JobStatus status = JobStatus::queued;
  JobRequest request;
  int64_t attempts = 0;                            ///< how often a worker has begun it
  int64_t worker_deaths = 0;                       ///< how many workers ended while they had it
  int64_t created_ms = 0;                          ///< since 1970, UTC
  std::optional<int64_t> started_ms, finished_ms;  ///< the first attempt's begin; the end
  std::vector<PictureFile> pictures;               ///< by index; complete when succeeded, else empty
  std::optional<JobError> error;                   ///< when failed, or cancelled by the server itself
  bool is_kept = false;                            ///< its owner wants it kept: retention passes it over
  std::vector<std::string> warnings;
  Json settings = Json::object();  ///< what was really used (JobDone); {} before the end
  int64_t resumed_from = 0;        ///< steps that the last attempt took from the record
  /// Its place in its group's order, smaller ones first: a virtual time (server/front/job_queue.h).
  double turn = 0;
  std::string fingerprint;  ///< fingerprint_of() the request as it came, where that has a key
  std::optional<Estimate> estimate;  ///< what the last attempt was to take; absent before a worker has said it
};

/// The time as jobs have it: milliseconds since 1970, UTC. Any thread.
int64_t now_ms();

/// A fresh id, above all that this process has made, and above the one that ids_begin_above() named. Any thread.
std::string new_job_id();
/// Ids of an earlier process stay older than ours, also when the clock has been set back. One that is no id has no
/// effect. Any thread.
void ids_begin_above(const std::string& id);

}  // namespace alice
