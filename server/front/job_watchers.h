#pragma once
// Who is told of which job.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/front/job_service.h"

namespace alice {

/// One person's line to a job, or to all. tell() is called on the desk's thread; the JobWatch may be destroyed on any.
class WatchLine;

/// Belongs to the desk's thread, but the watches that it gives out are destroyed anywhere (JobWatch).
class JobWatchers {
 public:
  struct Added {
    std::shared_ptr<JobWatch> watch;
    std::weak_ptr<WatchLine> line;
  };

  /// Marks of another JobWatchers are known to be foreign.
  JobWatchers();

  /// `on_event` is destroyed with the watch, or when its last event has been told.
  Added add(const std::string& job, OnJobEvent on_event);
  /// To all jobs that `viewer` may see.
  Added add_to_all(const Viewer& viewer, OnJobEvent on_event);
  /// A watch of a job that has ended: it is not kept.
  static Added add_ended(OnJobEvent on_event);

  /// Tells this line alone; without effect when its watch is gone. What a callback throws is logged.
  static void tell(const std::weak_ptr<WatchLine>& line, const JobEvent& event);
  /// Tells everybody who watches the job, or all. After ended and handed_back nobody watches the one job any more.
  void tell(const Job& job, JobEvent event);
  bool anybody() const { return !lines_.empty() || !lines_to_all_.empty(); }

  /// The event that was told last; behind it the next one comes.
  std::string mark() const { return mark_of(told_); }
  struct EndOf {
    std::string job, mark;
  };
  /// The jobs that have ended behind that mark, of those that `viewer` may see, in their order; nothing when it is not
  /// known any more which.
  std::optional<std::vector<EndOf>> ended_behind(const std::string& mark, const Viewer& viewer) const;

 private:
  using Lines = std::vector<std::weak_ptr<WatchLine>>;
  struct LineToAll {
    Viewer viewer;
    std::weak_ptr<WatchLine> line;
  };
  struct Ended {
    int64_t number;
    std::string job, owner;
  };

  std::string mark_of(int64_t number) const;
  void note_end(const Job& job);
  void tell_watchers_of(const std::string& job, const JobEvent& event);
  void tell_watchers_of_all(const std::string& owner, const JobEvent& event);

  const std::string process_;  // of its marks
  int64_t told_ = 0;           // events, ever
  int64_t forgotten_ = 0;      // the greatest number that has left ended_
  std::deque<Ended> ended_;
  std::map<std::string, Lines> lines_;
  std::vector<LineToAll> lines_to_all_;
};

}  // namespace alice
