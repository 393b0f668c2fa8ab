#pragma once
// The jobs that each client has started by this door and that have not ended: what progress tells of, and interrupt
// ends.

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "server/front/http/front_context.h"

namespace alice::a1111 {

/// How far a job is.
struct JobView {
  std::string id;
  std::optional<JobEvent> step;  ///< the newest one; absent while it waits
  int64_t position = 0;          ///< in the queue, while it waits; 0: not told yet
  std::string preview;           ///< the newest one, as a PNG; "" before the first
  int64_t preview_step = 0;
};

/// The loop's thread only. Jobs leave by themselves when they end, so there are never more than the service has.
class ClientJobs : public std::enable_shared_from_this<ClientJobs> {
 public:
  explicit ClientJobs(FrontContext& context) : context_(context) {}

  /// From now on `job` is one of `client`'s. `viewer` must see it.
  void follow(const std::string& client, const Viewer& viewer, const std::string& job);
  /// The one that runs, else the one that is next. Nothing when the client has none.
  std::optional<JobView> current(const std::string& client) const;

 private:
  struct Followed {
    explicit Followed(std::string id) { view.id = std::move(id); }
    void note(const JobEvent& event);

    mutable std::mutex mutex;  // events come on the service's thread
    JobView view;
    std::shared_ptr<JobWatch> watch;  // the loop's thread only
  };

  void drop(const std::string& client, const std::string& job);

  FrontContext& context_;
  std::map<std::string, std::deque<std::shared_ptr<Followed>>> clients_;
};

}  // namespace alice::a1111
