#pragma once
// A worker's life: takes orders from the front until the front is gone.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "core/host/composer.h"
#include "core/host/model_hashes.h"
#include "server/worker/session/job_runner.h"

namespace alice {

/// Three threads: one hears what the front says, at any time, and does nothing else, so that a cancel is noted and a
/// Ping answered at once; one looks at models and describes them, also in the middle of a job; the one that calls run()
/// computes: all computing happens on one thread, with one OpenMP team.
class Session {
 public:
  /// Both must live as long as the process.
  Session(FrontLink& front, Composer& composer);

  /// Works. Ends the process, at once and whatever it computes: with kExitOk when the front closes
  /// its end, with kExitFailed at bytes that are no message.
  [[noreturn]] void run();

 private:
  [[noreturn]] void hear_front();
  void take(const StartJob& order);
  void take(const CancelJob& order);
  void take(const Describe& order);
  void take(const Ping&);
  void take(const Preload& order);
  void take(const StopPreload&);
  [[noreturn]] void describe_when_asked();
  void describe(const Describe& order);
  void describe_again();
  std::variant<StartJob, Preload> next_order();
  void carry_out(const StartJob& order);
  void carry_out(const Preload& order);

  Forecaster forecaster_;
  const Workbench bench_;
  const std::string backend_;  // in words

  std::mutex mutex_;
  std::condition_variable order_came_, describe_came_;
  std::optional<Describe> waiting_describe_;  // guarded by mutex_
  Describe last_describe_;                    // guarded by mutex_
  std::optional<StartJob> waiting_;         // guarded by mutex_
  std::optional<Preload> waiting_preload_;  // guarded by mutex_
  std::optional<JobRun> running_;           // guarded by mutex_
  std::atomic<bool> cancelled_{false}, preload_stopped_{false};
  ModelHashes hashes_;  // last: its thread uses all of the above
};

}  // namespace alice
