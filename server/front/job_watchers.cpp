#include "server/front/job_watchers.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <utility>

namespace alice {

class WatchLine {
 public:
  explicit WatchLine(OnJobEvent on_event) : on_event_(std::move(on_event)) {}

  void tell(const JobEvent& event) {
    const std::lock_guard lock(mutex_);
    if (cut_) return;
    try {
      on_event_(event);
    } catch (const std::exception& e) {
      spdlog::error("a watcher of a job failed: {}", e.what());
    }
  }

  /// Returns when no callback runs any more, except in the callback itself.
  void cut() {
    const std::lock_guard lock(mutex_);
    cut_ = true;
  }

 private:
  std::recursive_mutex mutex_;  // recursive: a callback may destroy its own watch
  bool cut_ = false;
  OnJobEvent on_event_;
};

namespace {

class Watch final : public JobWatch {
 public:
  explicit Watch(std::shared_ptr<WatchLine> line) : line_(std::move(line)) {}
  ~Watch() override { line_->cut(); }

 private:
  std::shared_ptr<WatchLine> line_;
};

bool is_last(JobEvent::Kind kind) { return kind == JobEvent::Kind::ended || kind == JobEvent::Kind::handed_back; }

}  // namespace

JobWatchers::Added JobWatchers::add(const std::string& job, OnJobEvent on_event) {
  Added added = add_ended(std::move(on_event));
  auto& lines = lines_[job];
  // Lines whose watch is gone would pile up while a job waits long.
  lines.erase(std::remove_if(lines.begin(), lines.end(), [](const auto& line) { return line.expired(); }), lines.end());
  lines.push_back(added.line);
  return added;
}

JobWatchers::Added JobWatchers::add_ended(OnJobEvent on_event) {
  auto line = std::make_shared<WatchLine>(std::move(on_event));
  std::weak_ptr<WatchLine> weak = line;
  return {std::make_shared<Watch>(std::move(line)), std::move(weak)};
}

void JobWatchers::tell(const std::weak_ptr<WatchLine>& line, const JobEvent& event) {
  if (const auto there = line.lock()) there->tell(event);
}

void JobWatchers::tell(const std::string& job, const JobEvent& event) {
  const auto found = lines_.find(job);
  if (found == lines_.end()) return;
  for (const auto& line : found->second) tell(line, event);
  const auto gone = [](const auto& line) { return line.expired(); };
  if (is_last(event.kind) || std::all_of(found->second.begin(), found->second.end(), gone)) lines_.erase(found);
}

}  // namespace alice
