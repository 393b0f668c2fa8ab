#pragma once
// How long things take, from what was measured: for ETA and Retry-After.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "server/link/message.h"

namespace alice {

/// Measures the steps of one run of a job as their news come.
class StepClock {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Seconds of the step that this news ends, when it was computed, not taken from the record, and both its ends are
  /// known.
  std::optional<double> note(const JobProgress& progress, Time now);
  /// Mean of the run's steps; nothing before the first.
  std::optional<double> mean_step_seconds() const;
  /// How many steps a group of pictures takes; 0 before the first.
  int64_t steps_a_group() const { return steps_a_group_; }
  /// Until the step that goes on at `now` will be done, when it is like the others; negative when it is late already.
  /// Nothing before the first, and when no step goes on.
  std::optional<double> seconds_to_step(Time now) const;
  /// From the last step until `now`, in which a group's pictures were decoded and written; nothing before any step.
  std::optional<double> seconds_since_step(Time now) const;

 private:
  std::optional<JobProgress> last_step_;
  Time last_step_time_;
  int64_t steps_a_group_ = 0;
  double sum_ = 0;
  int64_t count_ = 0;
};

/// What earlier jobs say. Jobs of one shape (model and size) take equal steps.
class Pace {
 public:
  static std::string shape_of(const GenerateRequest& request);

  void note_step(const std::string& shape, double seconds);
  /// `job_seconds` from begin to end, `decode_seconds` of its last group.
  void note_job(double job_seconds, const std::string& shape, std::optional<double> decode_seconds);

  /// Of the last step, of whatever shape; 0 before any.
  double step_seconds() const { return step_seconds_; }
  /// Until the job's end; negative when its steps are not known yet, or nothing like them was measured.
  double eta_seconds(const std::string& shape, const JobProgress& progress, const StepClock& clock) const;
  /// When the server is busy: after how many seconds to try again, 1 to 600.
  int64_t retry_after_s(int64_t queued, int64_t workers) const;

 private:
  std::string step_shape_, decode_shape_;  // of what was measured last
  double step_seconds_ = 0, decode_seconds_ = 0;
  std::optional<double> job_seconds_;  // a mean in which older jobs count less and less
};

}  // namespace alice
