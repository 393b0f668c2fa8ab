#pragma once
// Takes away what is kept no longer: jobs, pictures, records, and pictures that ended jobs were made from.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <set>
#include <string>

#include "core/base/error.h"
#include "server/front/job_files.h"
#include "server/jobs/job_store.h"

namespace alice {

/// Goes round each minute, and in portions, so that nobody waits long for it. What it removes is logged: how much and
/// why. All of it belongs to the thread that runs the io_context.
class Sweeper {
 public:
  struct Callbacks {
    std::function<bool()> may_write;              ///< false: the store is in trouble, and left alone
    std::function<void(const Error&)> failed;     ///< the store threw this
    std::function<std::set<std::string>()> runs;  ///< jobs that run now: their records are in use
  };

  /// `store` and `files` must outlive it.
  Sweeper(boost::asio::io_context& io, const Retention& retention, JobStore& store, const JobFiles& files,
          Callbacks callbacks);

  /// The first round begins at once.
  void start();
  void stop() { is_stopped_ = true, timer_.cancel(); }

 private:
  void go_round();
  bool sweep_jobs();
  bool sweep_pictures();
  void sweep_records();
  void wait(bool is_more);

  const Retention retention_;
  JobStore& store_;
  const JobFiles& files_;
  const Callbacks callbacks_;
  boost::asio::steady_timer timer_;
  bool is_stopped_ = false;  // a timer that has run out calls, although it was cancelled
};

}  // namespace alice
