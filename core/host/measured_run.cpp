#include "core/host/measured_run.h"

#include <utility>

namespace alice {

MeasuredRun::MeasuredRun(Forecaster& forecaster, std::optional<Forecast> forecast)
    : forecaster_(forecaster), forecast_(std::move(forecast)) {}

double MeasuredRun::seconds() const { return std::chrono::duration<double>(Clock::now() - since_).count(); }

void MeasuredRun::loaded() {
  if (forecast_) forecaster_.loaded(*forecast_, seconds());
}

void MeasuredRun::progress(const Progress& progress) {
  const bool goes_on =
      stage_ && stage_->stage == progress.stage && stage_->first_image == progress.first_image;
  if (goes_on) return;
  ended();
  stage_ = progress;
  since_ = Clock::now();
  is_whole_ = true;
  asks_ = 0;
}

void MeasuredRun::ended() {
  const std::optional<Progress> done = std::exchange(stage_, std::nullopt);
  if (done && forecast_ && is_whole_) forecaster_.made(*forecast_, done->stage, done->images, seconds(), asks_);
}

}  // namespace alice
