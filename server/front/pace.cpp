#include "server/front/pace.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace alice {
namespace {

constexpr double kWeightOfNewest = 0.25;
/// A guess for a server that has not finished any job.
constexpr double kUnknownJobSeconds = 30;
constexpr double kLongestRetry = 600;

double seconds_between(StepClock::Time from, StepClock::Time to) {
  return std::chrono::duration<double>(to - from).count();
}

/// Pictures are made in groups of `images`; each group takes all steps. How many groups come after this one.
int64_t groups_after(const JobProgress& progress) {
  const int64_t group = std::max<int64_t>(progress.images, 1);
  const int64_t images = std::max<int64_t>(progress.all_images - progress.first_image - group, 0);
  return (images + group - 1) / group;
}

}  // namespace

std::optional<double> StepClock::note(const JobProgress& progress, Time now) {
  if (progress.stage != JobStage::denoise) return std::nullopt;
  const auto last = std::exchange(last_step_, progress);
  const Time last_time = std::exchange(last_step_time_, now);
  steps_a_group_ = progress.total;
  const bool is_measured = last.has_value() && progress.first_image == last->first_image &&
                           progress.done == last->done + 1 && progress.resumed_from == last->resumed_from;
  if (!is_measured) return std::nullopt;
  sum_ += seconds_between(last_time, now);
  ++count_;
  return seconds_between(last_time, now);
}

std::optional<double> StepClock::mean_step_seconds() const {
  return count_ == 0 ? std::nullopt : std::optional(sum_ / static_cast<double>(count_));
}

std::optional<double> StepClock::seconds_to_step(Time now) const {
  const auto mean = mean_step_seconds();
  if (!mean.has_value() || last_step_->done == last_step_->total) return std::nullopt;
  return *mean - seconds_between(last_step_time_, now);
}

std::optional<double> StepClock::seconds_since_step(Time now) const {
  return last_step_ ? std::optional(seconds_between(last_step_time_, now)) : std::nullopt;
}

std::string Pace::shape_of(const GenerateRequest& request) {
  const auto pixels = [](const std::optional<int64_t>& size) { return size ? std::to_string(*size) : "-"; };
  return request.model + " " + pixels(request.width) + "x" + pixels(request.height);
}

void Pace::note_step(const std::string& shape, double seconds) {
  step_shape_ = shape;
  step_seconds_ = seconds;
}

void Pace::note_job(double job_seconds, const std::string& shape, std::optional<double> decode_seconds) {
  job_seconds_ = job_seconds_ ? *job_seconds_ + kWeightOfNewest * (job_seconds - *job_seconds_) : job_seconds;
  if (!decode_seconds) return;
  decode_shape_ = shape;
  decode_seconds_ = *decode_seconds;
}

double Pace::eta_seconds(const std::string& shape, const JobProgress& progress, const StepClock& clock) const {
  const auto measured = clock.mean_step_seconds();
  const int64_t steps = clock.steps_a_group();
  if (steps == 0 || (!measured && shape != step_shape_)) return -1;
  int64_t steps_left = groups_after(progress) * steps;
  if (progress.stage == JobStage::denoise)
    steps_left += steps - progress.done;
  else if (progress.stage < JobStage::denoise)
    steps_left += steps;
  const double decode = shape == decode_shape_ ? decode_seconds_ : 0;
  return measured.value_or(step_seconds_) * static_cast<double>(steps_left) +
         decode * static_cast<double>(groups_after(progress) + 1);
}

int64_t Pace::retry_after_s(int64_t queued, int64_t workers) const {
  const double seconds = static_cast<double>(std::max<int64_t>(queued, 1)) * job_seconds_.value_or(kUnknownJobSeconds) /
                         static_cast<double>(std::max<int64_t>(workers, 1));
  return static_cast<int64_t>(std::clamp(std::ceil(seconds), 1.0, kLongestRetry));
}

}  // namespace alice
