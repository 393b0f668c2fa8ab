#pragma once
// A desk with fake workers in a folder of its own, and ways to wait for what it says.

#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "server/front/job_desk.h"
#include "tests/support/temp_folder.h"

namespace alice::test {

/// Far longer than anything here takes: what is not there by then never comes.
inline constexpr std::chrono::seconds kNever{60};

/// Throws std::runtime_error when something never came. Unlike Catch2's own checks, on any thread.
inline void require_in_time(bool came) {
  if (!came) throw std::runtime_error("what was waited for never came");
}

/// The outcome of a call of the service. Throws its Error.
template <class T, class Call>
T wait_for(Call&& call) {
  auto promise = std::make_shared<std::promise<Outcome<T>>>();
  auto future = promise->get_future();
  call([promise](Outcome<T> outcome) { promise->set_value(std::move(outcome)); });
  require_in_time(future.wait_for(kNever) == std::future_status::ready);
  Outcome<T> outcome = future.get();
  if (const auto* error = std::get_if<Error>(&outcome)) throw *error;
  return std::get<T>(std::move(outcome));
}

/// Waits until `holds()`.
template <class Condition>
void wait_until(Condition&& holds) {
  const auto end = std::chrono::steady_clock::now() + kNever;
  while (!holds()) {
    require_in_time(std::chrono::steady_clock::now() < end);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

/// Keeps the events of a job.
class Diary {
 public:
  OnJobEvent writer() {
    return [this](const JobEvent& event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(event);
      news_.notify_all();
    };
  }

  /// The first event, from here on or of before, that is as wanted.
  template <class Wanted>
  JobEvent wait(Wanted&& wanted) {
    std::unique_lock lock(mutex_);
    std::optional<JobEvent> found;
    const bool in_time = news_.wait_for(lock, kNever, [&] {
      for (const JobEvent& event : events_)
        if (!found && wanted(event)) found = event;
      return found.has_value();
    });
    require_in_time(in_time);
    return *found;
  }
  Job wait_end() {
    return wait([](const JobEvent& event) { return event.kind == JobEvent::Kind::ended; }).job;
  }
  std::vector<JobEvent> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable news_;
  std::vector<JobEvent> events_;
};

class DeskRoom {
 public:
  DeskRoom() {
    settings.data_directory = folder / "data";
    settings.images_directory = folder / "images";
    settings.workers.arguments = {ALICE_FAKE_WORKER};
  }

  /// The desk, opened at the first call.
  JobDesk& desk() {
    if (desk_ == nullptr) desk_ = std::make_unique<JobDesk>(settings);
    return *desk_;
  }
  void close() { desk_.reset(); }

  /// A job whose prompt is a script for the fake worker.
  Job submit(const Json& script, int64_t n = 1, const std::string& model = "") {
    JobRequest request;
    request.generate.prompt = script.dump();
    request.generate.model = model;
    request.generate.n = n;
    request.request_id = "test";
    return submit(request);
  }
  Job submit(const JobRequest& request) {
    return wait_for<Job>([&](Then<Job> then) { desk().submit(request, std::move(then)); });
  }
  Job cancel(const std::string& id) {
    return wait_for<Job>([&](Then<Job> then) { desk().cancel(id, Viewer(), std::move(then)); });
  }
  Job find(const std::string& id) {
    return wait_for<Job>([&](Then<Job> then) { desk().find(id, Viewer(), std::move(then)); });
  }
  std::shared_ptr<JobWatch> watch(const std::string& id, OnJobEvent on_event) {
    return wait_for<std::shared_ptr<JobWatch>>(
        [&](Then<std::shared_ptr<JobWatch>> then) { desk().watch(id, Viewer(), std::move(on_event), std::move(then)); });
  }
  /// The job as it has ended.
  Job wait_end(const std::string& id) {
    Diary diary;
    const auto watching = watch(id, diary.writer());
    return diary.wait_end();
  }
  Job run(const Json& script, int64_t n = 1, const std::string& model = "") {
    return wait_end(submit(script, n, model).id);
  }
  /// Each group's outcome, the default one's first.
  std::vector<GroupReload> reload() {
    return wait_for<std::vector<GroupReload>>(
        [&](Then<std::vector<GroupReload>> then) { desk().reload_plugins(std::move(then)); });
  }
  /// Before the first call of desk(): a group that serves `model`.
  WorkerGroupSettings& add_group(const std::string& name, const std::string& model) {
    settings.workers.arguments = {ALICE_FAKE_WORKER, "--model", model};
    WorkerGroupSettings group;
    group.name = name;
    group.models = {model};
    group.workers.arguments = settings.workers.arguments;
    group.workers.log_name = name + "/";
    settings.groups.push_back(group);
    return settings.groups.back();
  }
  void wait_ready() {
    wait_until([&] { return desk().state()->not_ready.empty(); });
  }

  TempFolder folder;
  JobDeskSettings settings;

 private:
  std::unique_ptr<JobDesk> desk_;
};

}  // namespace alice::test
