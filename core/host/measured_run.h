#pragma once
// Measures a request that is carried out, for the forecasts of later ones.

#include <chrono>
#include <optional>

#include "core/host/forecaster.h"

namespace alice {

/// One request's own; the thread that makes it. Begins with the loading.
class MeasuredRun {
 public:
  /// `forecaster` must outlive it. Without a forecast nothing is measured.
  MeasuredRun(Forecaster& forecaster, std::optional<Forecast> forecast);

  /// The model is there.
  void loaded();
  /// To be told all that GenerateHooks::on_progress is told.
  void progress(const Progress& progress);
  /// The network is asked.
  void asked() { ++asks_; }
  /// Some of the stage that runs was taken from a record: its time is not that of computing it.
  void pass_over() { is_whole_ = false; }
  /// All pictures are made. Without this call the last stage does not count.
  void ended();

 private:
  using Clock = std::chrono::steady_clock;
  double seconds() const;

  Forecaster& forecaster_;
  const std::optional<Forecast> forecast_;
  std::optional<Progress> stage_;  // that runs
  Clock::time_point since_ = Clock::now();
  bool is_whole_ = true;
  int64_t asks_ = 0;  // in the stage
};

}  // namespace alice
