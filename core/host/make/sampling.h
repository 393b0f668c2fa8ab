#pragma once
// One batch's way from noise to latents, in passes: each is a model's, and one sampler runs through all of them.

#include <functional>
#include <limits>

#include "core/api/scheduler.h"
#include "core/host/make/start.h"
#include "core/host/model.h"
#include "core/host/settings.h"

namespace alice {

/// Stands between sampler and network: to record, to answer from a record, to look. Called once a batch.
using WrapDenoise = std::function<Denoise(Denoise)>;

/// A model's share of the way.
struct Pass {
  const Model& model;
  const Settings& settings;          ///< of them the guidance, the shortcuts and what the network predicts
  const Course& course;              ///< with_beside()
};

/// Latents as a pass leaves them.
struct Stretch {
  Tensor x;          ///< [B, C, h, w]
  size_t steps = 0;  ///< of the plan that are completed: that many or more were begun
};

/// One batch's; one thread.
class Sampling {
 public:
  /// `settings`: of the first pass; their scheduler and plan are those of all passes. All that is named must outlive
  /// it.
  Sampling(const Settings& settings, const Start& start, NoiseSource& noise, const OnStep& on_step,
           const WrapDenoise& wrap);

  /// From `x`, before step `first` of the plan, to its end; or until the network is to be asked at a time below `until`
  /// (Level::t): the x that it would have been shown is what is handed over then. With first == steps nothing is done.
  /// Throws what on_step throws, and PluginFault.
  Stretch run(const Pass& pass, Tensor x, size_t first = 0,
              double until = -std::numeric_limits<double>::infinity());

 private:
  const Settings& settings_;
  const Start& start_;
  NoiseSource& noise_;
  const OnStep& on_step_;
  const std::string sampler_;  // who is to blame
  const Plan plan_;
  GuidedNetwork* network_ = nullptr;  // of the pass that runs
  size_t calls_ = 0;                  // of all passes that have run
  Denoise answer_;
};

}  // namespace alice
