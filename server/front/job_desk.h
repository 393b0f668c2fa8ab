#pragma once
// The job service as the server has it: on a thread of its own, with the job store and the workers.

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/base/storage.h"
#include "server/config/config.h"
#include "server/front/job_service.h"
#include "server/front/worker_settings.h"
#include "server/jobs/job_store.h"

namespace alice {

struct JobDeskSettings {
  std::filesystem::path data_directory;        ///< jobs.sqlite, lock, records/; made when not there
  std::filesystem::path images_directory;      ///< pictures; made when not there
  int64_t queue_size = 100;                    ///< most waiting jobs of a group
  int64_t job_attempts = 3;                    ///< of the default group: a job that so many workers died of fails
  std::string default_model;                   ///< of requests that name none; "": the only one there is
  bool log_prompts = false;                    ///< else the log has no word of what people ask for
  WorkerSettings workers;                      ///< of the default group
  Breaker::Settings breaker;                   ///< of the default group
  double most_seconds = 0;                     ///< a job that would take longer, by its estimate, is refused; 0: any
  std::vector<WorkerGroupSettings> groups;     ///< beside it
  std::chrono::milliseconds watch_plugins{0};  ///< how often plugin libraries are looked at; 0: never
  int64_t reserve = kLargestReserve;           ///< bytes kept free of each disk, at most (reserve_of())
  int64_t max_record = 1'000'000'000;          ///< bytes of a job's record; 0: nothing is recorded
  Retention retention;
  std::vector<std::string> blocked_words;      ///< that no prompt may have (blocked_words.h)
  std::function<std::unique_ptr<JobStore>(const std::string& file)> open_store = open_sqlite_job_store;
};

/// A group without a memory limit gets four fifths of what is available now, divided by the number of all workers.
/// `worker`: the worker's program and what it is told; to those of a group --group is added.
JobDeskSettings job_desk_settings(const Config& config, const std::vector<std::string>& worker);

class JobDesk final : public JobService {
 public:
  /// Locks the data folder, opens the store, takes up what an earlier process left, and starts the workers. Throws
  /// Error(bad_config) that names the folder or file which is in use by another server, cannot be written or is not
  /// ours; Error(storage_full) or Error(storage_failed) when the store fails.
  /// The desk's thread takes no signals.
  explicit JobDesk(const JobDeskSettings& settings);
  /// As stop().
  ~JobDesk() override;

  void submit(JobRequest request, Then<Job> then) override;
  void cancel(const std::string& id, const Viewer& viewer, Then<Job> then) override;
  void find(const std::string& id, const Viewer& viewer, Then<Job> then) override;
  void list(const JobQuery& query, Then<std::vector<Job>> then) override;
  void find_picture(const std::string& file, const Viewer& viewer, Then<PictureFile> then) override;
  void watch(const std::string& id, const Viewer& viewer, OnJobEvent on_event,
             Then<std::shared_ptr<JobWatch>> then) override;
  void watch_all(const Viewer& viewer, const std::string& after, OnJobEvent on_event,
                 Then<std::shared_ptr<JobWatch>> then) override;
  void cancel_labelled(const std::string& label, const Viewer& viewer, Then<int64_t> then) override;
  void keep(const std::string& id, const Viewer& viewer, bool is_kept, Then<Job> then) override;
  void refresh(Then<Json> then) override;
  void reload_plugins(Then<std::vector<GroupReload>> then) override;
  std::shared_ptr<const ServerState> state() const override;

  /// Takes no jobs any more and begins none. Running ones may end until the deadline; those that have not are handed
  /// back to the store. Then `on_done` is called, once, on the desk's thread: it must not call stop(). Any thread; call
  /// it once.
  void drain(std::chrono::milliseconds deadline, std::function<void()> on_done);
  /// Hands back what runs, kills the workers and ends the thread. Calls of the service answer Error(busy) from then on,
  /// on the caller's thread. Any thread but the desk's.
  void stop();

 private:
  class Room;
  std::unique_ptr<Room> room_;
};

}  // namespace alice
