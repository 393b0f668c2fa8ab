#include "server/front/job_watchers.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
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

/// Ends that somebody who comes back is told of one by one.
constexpr size_t kKnownEnds = 1000;

constexpr char kMarkSeparator = '-';

/// Lines whose watch is gone would pile up.
template <class Lines, class IsGone>
void drop(Lines& lines, IsGone is_gone) {
  lines.erase(std::remove_if(lines.begin(), lines.end(), is_gone), lines.end());
}

}  // namespace

JobWatchers::JobWatchers() : process_(new_job_id().substr(20)) {}

JobWatchers::Added JobWatchers::add(const std::string& job, OnJobEvent on_event) {
  Added added = add_ended(std::move(on_event));
  Lines& lines = lines_[job];
  drop(lines, [](const auto& line) { return line.expired(); });
  lines.push_back(added.line);
  return added;
}

JobWatchers::Added JobWatchers::add_to_all(const Viewer& viewer, OnJobEvent on_event) {
  Added added = add_ended(std::move(on_event));
  lines_to_all_.push_back({viewer, added.line});
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

void JobWatchers::tell(const Job& job, JobEvent event) {
  event.id = job.id;
  event.mark = mark_of(++told_);
  if (event.kind == JobEvent::Kind::ended) note_end(job);
  tell_watchers_of(job.id, event);
  tell_watchers_of_all(job.request.owner, event);
}

void JobWatchers::note_end(const Job& job) {
  ended_.push_back({told_, job.id, job.request.owner});
  if (ended_.size() <= kKnownEnds) return;
  forgotten_ = ended_.front().number;
  ended_.pop_front();
}

void JobWatchers::tell_watchers_of(const std::string& job, const JobEvent& event) {
  const auto found = lines_.find(job);
  if (found == lines_.end()) return;
  for (const auto& line : found->second) tell(line, event);
  const auto gone = [](const auto& line) { return line.expired(); };
  if (is_last(event.kind) || std::all_of(found->second.begin(), found->second.end(), gone)) lines_.erase(found);
}

void JobWatchers::tell_watchers_of_all(const std::string& owner, const JobEvent& event) {
  drop(lines_to_all_, [](const LineToAll& one) { return one.line.expired(); });
  for (const LineToAll& one : lines_to_all_)
    if (one.viewer.sees(owner)) tell(one.line, event);
}

std::string JobWatchers::mark_of(int64_t number) const { return process_ + kMarkSeparator + std::to_string(number); }

std::optional<std::vector<JobWatchers::EndOf>> JobWatchers::ended_behind(const std::string& mark,
                                                                         const Viewer& viewer) const {
  const std::string prefix = process_ + kMarkSeparator;
  int64_t number = 0;
  const char* const end = mark.data() + mark.size();
  if (mark.compare(0, prefix.size(), prefix) != 0 ||
      std::from_chars(mark.data() + prefix.size(), end, number).ptr != end || number < forgotten_ || number > told_)
    return std::nullopt;
  std::vector<EndOf> ends;
  for (const Ended& one : ended_)
    if (one.number > number && viewer.sees(one.owner)) ends.push_back({one.job, mark_of(one.number)});
  return ends;
}

}  // namespace alice
