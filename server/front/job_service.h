#pragma once
// The desk of the front: takes jobs, keeps their order, gives them to workers, tells who watches. It lives on a thread
// of its own, so that a slow disk never delays an answer that needs no job. HTTP handlers call it from their thread;
// callbacks come on the service's thread and must not block.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "server/jobs/job.h"

namespace alice {

/// What the server is and knows right now. A snapshot: never changes once it is made.
struct ServerState {
  bool draining = false;
  /// Why /readyz says no, for people; empty when ready: a worker has described itself and the service takes jobs.
  std::vector<std::string> not_ready;
  Json description = Json::object();  ///< the last Described of a worker (server/link/message.h); {} before the first
  int64_t queued = 0, running = 0;    ///< jobs
  int64_t queue_size = 0;             ///< most queued jobs
  int64_t retry_after_s = 1;          ///< when busy: after how many seconds to try again, estimated; 1 to 600
  int64_t workers = 0;                ///< that have described themselves and live
  std::map<std::string, int64_t> worker_ends;        ///< reason ("SIGKILL", "exit 1", "step timeout") -> how often
  int64_t succeeded = 0, failed = 0, cancelled = 0;  ///< jobs, since the start of this process
  int64_t pictures = 0;                              ///< made since the start
  double generation_seconds = 0;                     ///< sum over succeeded jobs, from begin to end
  double step_seconds = 0;                           ///< of the last step that was computed; 0 before any
};

/// What a watcher is told. The first event is the present state.
struct JobEvent {
  enum class Kind {
    position,  ///< queued, or its place changed
    step,      ///< stage or step
    preview,
    ended,       ///< the last event: `job` is complete
    handed_back  ///< the last event: the server stops; the job goes on after its restart
  } kind = Kind::position;
  int64_t position = 0;  ///< position: 1 is next
  std::string stage;     ///< step, as in JobProgress
  int64_t first_image = 0, images = 0, all_images = 0, done = 0, total = 0;
  int64_t resumed_from = 0;
  double eta_seconds = -1;      ///< step: until the job's end, estimated; negative when unknown
  int64_t image = 0, step = 0;  ///< preview
  std::string png;              ///< preview: bytes
  Job job;                      ///< ended, handed_back
};

template <class T>
using Outcome = std::variant<T, Error>;
template <class T>
using Then = std::function<void(Outcome<T>)>;

/// Watching ends when this is destroyed; the callback may still run once while the destructor is called from another
/// thread than the service's, and never after it has returned.
class JobWatch {
 public:
  virtual ~JobWatch() = default;
};
using OnJobEvent = std::function<void(const JobEvent&)>;

/// All functions may be called from any thread.
class JobService {
 public:
  virtual ~JobService() = default;

  /// Queues a job; the outcome comes when it is on the disk. Error(busy): the queue is full or the server drains;
  /// Error(not_found) at "/model": no such model (once a worker has said which there are); Error(bad_request): no model
  /// is named and there is no default.
  virtual void submit(JobRequest request, Then<Job> then) = 0;
  /// Error(not_found) for an unknown id. Cancelling a job that has ended changes nothing and is no error.
  virtual void cancel(const std::string& id, Then<Job> then) = 0;
  virtual void find(const std::string& id, Then<Job> then) = 0;
  virtual void list(int64_t limit, const std::string& before, std::optional<JobStatus> status,
                    Then<std::vector<Job>> then) = 0;
  virtual void find_picture(const std::string& file, Then<PictureFile> then) = 0;
  /// For an unknown id `then` gets Error(not_found) and there is no watch. Otherwise `then` gets the watch, and events
  /// follow, the present state first.
  virtual void watch(const std::string& id, OnJobEvent on_event, Then<std::shared_ptr<JobWatch>> then) = 0;
  /// Asks a worker to describe itself anew; the outcome is the new description. Error(busy) when no worker is there.
  virtual void refresh(Then<Json> then) = 0;

  virtual std::shared_ptr<const ServerState> state() const = 0;
};

}  // namespace alice
