#pragma once
// The desk of the front: takes jobs, keeps their order, gives them to workers, tells who watches. It lives on a thread
// of its own, so that a slow disk never delays an answer that needs no job. HTTP handlers call it from their thread;
// callbacks come on the service's thread and must not block.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/outcome.h"
#include "server/jobs/job_store.h"
#include "server/jobs/viewer.h"

namespace alice {

/// Workers that serve some models and no others.
struct GroupState {
  std::string name;
  std::vector<std::string> models;  ///< ids that the configuration gives to it; of the default group none: all others
  int64_t workers = 0, ready = 0;   ///< how many it shall have; how many have described themselves and live
  int64_t busy = 0;                 ///< of those that are ready, how many have a job, a cancelled one too
  int64_t preloading = 0;           ///< of those that are ready, how many load a model that no job has asked for yet
  int64_t queued = 0;               ///< jobs that wait for them
  int64_t deaths = 0;               ///< of its workers, since the start of this process
  int64_t reloads = 0;              ///< how often its plugins were replaced by newer ones
  std::string trouble;              ///< why none could be started lately, or why it rests; "" when all is well
  /// Until then it takes no jobs, for its workers died again and again.
  std::optional<std::chrono::steady_clock::time_point> rests_until;
};

/// What became of a group's plugins.
struct GroupReload {
  enum class Outcome { unchanged, loaded, refused };
  std::string group;
  Outcome outcome = Outcome::unchanged;
  std::string reason;              ///< refused: why
  Json libraries = Json::array();  ///< that its workers have now: {"file","id","version","loaded","refused"?,...}
};

/// What the server is and knows right now. A snapshot: never changes once it is made.
struct ServerState {
  bool draining = false;
  /// Why /readyz says no, for people; empty when ready: a worker has described itself and the service takes jobs.
  std::vector<std::string> not_ready;
  /// What workers say of themselves (Described in server/link/message.h), of all groups together: a model has its
  /// "group", everything under plugins the "groups" that have it. {} before the first.
  Json description = Json::object();
  std::string default_model;                   ///< of requests that name none; see choose_model()
  int64_t description_version = 0;  ///< another one whenever the description is
  std::vector<GroupState> groups;              ///< the default one first
  int64_t queued = 0, running = 0;             ///< jobs; a cancelled one runs until its worker has let go of it
  int64_t queue_size = 0;                      ///< most queued jobs of a group
  int64_t retry_after_s = 1;                   ///< when busy: after how many seconds to try again, estimated; 1 to 600
  int64_t workers = 0;                         ///< that have described themselves and live
  std::map<std::string, int64_t> worker_ends;  ///< reason ("SIGKILL", "exit 1", "step timeout") -> how often
  int64_t succeeded = 0, failed = 0, cancelled = 0;  ///< jobs, since the start of this process
  int64_t pictures = 0;                              ///< made since the start
  double generation_seconds = 0;                     ///< sum over succeeded jobs, from begin to end
  double step_seconds = 0;                           ///< of the last step that was computed; 0 before any
};

/// Beside the stages of a job: its worker is to let go of it.
inline constexpr const char* kCancelling = "cancelling";

/// What a watcher is told. The first event is the present state.
struct JobEvent {
  enum class Kind {
    queued,  ///< `job` has just been taken; told of all jobs alone (watch_all)
    position,  ///< queued, or its place changed
    step,      ///< stage or step
    preview,
    held,  ///< it cannot go on until the server's storage works: `trouble` says what is wrong with it
    ended,       ///< the last event: `job` is complete
    handed_back,  ///< the last event: the server stops; the job goes on after its restart
    missed  ///< of all jobs alone: more has happened than is known; what the store says now is the truth
  } kind = Kind::position;
  std::string id;        ///< the job's; "" of missed
  /// Of all events: where this one stands among them, for watch_all() to go on behind it. "": nowhere.
  std::string mark;
  int64_t position = 0;  ///< position: 1 is next
  std::string stage;     ///< step: to_string(JobStage), or kCancelling
  int64_t first_image = 0, images = 0, all_images = 0, done = 0, total = 0;
  int64_t resumed_from = 0;
  double eta_seconds = -1;      ///< step: until the job's end, estimated; negative when unknown
  int64_t image = 0, step = 0;  ///< preview
  std::string png;              ///< preview: bytes
  ErrorCode trouble{};          ///< held: storage_full or storage_failed
  Job job;                      ///< queued, ended, handed_back
};

/// Watching ends when this is destroyed; the callback may still run once while the destructor is called from another
/// thread than the service's, and never after it has returned.
class JobWatch {
 public:
  virtual ~JobWatch() = default;
};
using OnJobEvent = std::function<void(const JobEvent&)>;

/// Of errors that are about a request's key.
inline constexpr const char* kRequestKeyPlace = "/idempotency_key";
/// Of the error of a job that is one too many of its owner's.
inline constexpr const char* kSharePlace = "/waiting_jobs";

/// All functions may be called from any thread. What `viewer` may not see is answered as if it were not there.
class JobService {
 public:
  virtual ~JobService() = default;

  /// Queues a job; the outcome comes when it is on the disk. One whose key was brought before is the job of then, as it
  /// is now; Error(bad_request) at kRequestKeyPlace when that asked for something else. Error(busy): the queue is full
  /// or the server drains, or, at "/model", the workers of that model rest (ServerState::groups), or, at kQuotaPlace, its
  /// owner has had the pictures of a day, or, at kSharePlace, has as many jobs waiting as an owner may; Error(not_found)
  /// at "/model": no such model (once a worker has said which there are); Error(bad_request): a picture larger than the model may make, at its
  /// longer side (core/base/picture_size.h); no model is named and there is no default; Error(storage_full),
  /// Error(storage_failed): what is written now might be lost.
  virtual void submit(JobRequest request, Then<Job> then) = 0;
  /// Error(not_found) for an unknown id. Cancelling a job that has ended changes nothing and is no error. A job that
  /// runs is `cancelling` then, until its worker has let go of it; one that does not within a few seconds is killed.
  virtual void cancel(const std::string& id, const Viewer& viewer, Then<Job> then) = 0;
  virtual void find(const std::string& id, const Viewer& viewer, Then<Job> then) = 0;
  virtual void list(const JobQuery& query, Then<std::vector<Job>> then) = 0;
  virtual void find_picture(const std::string& file, const Viewer& viewer, Then<PictureFile> then) = 0;
  /// For an unknown id `then` gets Error(not_found) and there is no watch. Otherwise `then` gets the watch, and events
  /// follow, the present state first.
  virtual void watch(const std::string& id, const Viewer& viewer, OnJobEvent on_event,
                     Then<std::shared_ptr<JobWatch>> then) = 0;
  /// The events of all jobs that `viewer` may see, of those that come later too. First how things are: where every job
  /// is that has not ended. `after`: a mark; what ended behind it is told before, or, when that is not known any
  /// more, missed. "": nothing that was. What a slow watcher has not been told yet it must keep itself.
  virtual void watch_all(const Viewer& viewer, const std::string& after, OnJobEvent on_event,
                         Then<std::shared_ptr<JobWatch>> then) = 0;
  /// As cancel(), of all jobs with that label; says how many.
  virtual void cancel_labelled(const std::string& label, const Viewer& viewer, Then<int64_t> then) = 0;
  /// Marks a job as to be kept, or not: retention passes over what is. Error(not_found).
  virtual void keep(const std::string& id, const Viewer& viewer, bool is_kept, Then<Job> then) = 0;
  /// Asks a worker of each group to describe itself anew; the outcome is the new description. Error(busy) when no
  /// worker is there.
  virtual void refresh(Then<Json> then) = 0;
  /// Takes up the plugin libraries that have changed: of each group that loads one the workers are replaced. A group
  /// whose libraries cannot replace the old ones keeps its workers. The outcome tells of every group.
  virtual void reload_plugins(Then<std::vector<GroupReload>> then) = 0;

  virtual std::shared_ptr<const ServerState> state() const = 0;
};

}  // namespace alice
