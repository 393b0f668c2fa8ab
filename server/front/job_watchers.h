#pragma once
// Who is told of which job.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/front/job_service.h"

namespace alice {

/// One person's line to a job. tell() is called on the desk's thread; the JobWatch may be destroyed on any.
class WatchLine;

/// Belongs to the desk's thread, but the watches that it gives out are destroyed anywhere (JobWatch).
class JobWatchers {
 public:
  struct Added {
    std::shared_ptr<JobWatch> watch;
    std::weak_ptr<WatchLine> line;
  };

  /// `on_event` is destroyed with the watch, or when its last event has been told.
  Added add(const std::string& job, OnJobEvent on_event);
  /// A watch of a job that has ended: it is not kept.
  static Added add_ended(OnJobEvent on_event);

  /// Tells this line alone; without effect when its watch is gone. What a callback throws is logged.
  static void tell(const std::weak_ptr<WatchLine>& line, const JobEvent& event);
  /// Tells everybody who watches the job. After ended and handed_back nobody watches it any more.
  void tell(const std::string& job, const JobEvent& event);
  bool anybody() const { return !lines_.empty(); }

 private:
  std::map<std::string, std::vector<std::weak_ptr<WatchLine>>> lines_;
};

}  // namespace alice
