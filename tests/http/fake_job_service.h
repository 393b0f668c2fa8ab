#pragma once
// A job service without a database and without workers, for tests of HTTP: one thread plays desk and worker, and makes
// pictures of one colour. The first word of a prompt says what becomes of its job:
//   hold            it runs until it is cancelled
//   work            it does one step, and runs on until it is cancelled
//   fail:CODE       it fails with that error code ("fail:bad_weights")
//   hand-back       the server "stops" while it runs
//   die             it fails as if three workers had died of it
//   stream:N        it sends N steps as fast as it can, each with a preview of 100 kB
// Every other job takes its steps, step_time each, and succeeds.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>

#include "server/front/job_service.h"
#include "server/front/job_watchers.h"

namespace alice {

struct FakeServiceOptions {
  std::filesystem::path pictures_folder;
  int64_t queue_size = 100;
  bool has_worker = true;
  std::vector<std::string> blocked_words;
  std::string reload_refused;  ///< why a group "sandbox" keeps its plugins; "": it does not
  std::chrono::milliseconds step_time{1};
};

class FakeJobService : public JobService {
 public:
  explicit FakeJobService(FakeServiceOptions options);
  ~FakeJobService() override;

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

 private:
  void post(std::function<void()> work);
  void run();
  void step();
  Job* job_of(const std::string& id);
  void finish(Job& job, JobStatus status);
  JobEvent step_of(const Job& job) const;
  JobEvent present(const Job& job) const;
  void publish();

  const FakeServiceOptions options_;
  std::map<std::string, Job> jobs_;
  std::deque<std::string> queue_;
  std::string running_;
  int64_t done_ = 0;
  JobWatchers watchers_;
  ServerState facts_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable work_came_;
  std::deque<std::function<void()>> work_;
  std::shared_ptr<const ServerState> state_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace alice
