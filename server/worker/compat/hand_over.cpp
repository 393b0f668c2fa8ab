#include "server/worker/compat/hand_over.h"

#include <limits>

#include "core/host/refining.h"
#include "core/math/noise_source.h"

namespace alice {
namespace {

/// How many steps the run before has completed when it would ask its network at a time below `time`: tried out, with a
/// network that answers nothing.
size_t completed_steps(const Settings& settings, double time) {
  const NoiseModel& noise_model = *settings.scheduler.noise_model;
  const Plan plan = plan_of(settings);
  size_t completed = 0;
  SeededNoise noise({0});
  const Denoise ask = [&](const Tensor& x, const Level& level) {
    if (level.t < time) throw Error(ErrorCode::cancelled, "the run before", "ends here");
    return at::zeros_like(x);
  };
  try {
    settings.scheduler.scheduler->sample(ask, at::zeros({1, 1, 1, 1}), plan, noise_model, noise,
                                         [&](size_t done, size_t, const Tensor&) { completed = done; });
  } catch (const Error& e) {
    if (e.code() != ErrorCode::cancelled) throw;
  }
  return completed;
}

}  // namespace

Start start_of(const Model& model, const Settings& settings, const ReferenceCall& call, NoiseSource& noise) {
  if (!call.pictures.latents.defined())
    return Beginning(model, settings, call.pictures.read(settings)).start(call.batch, plan_of(settings), noise);
  Start start;
  start.x = call.pictures.latents;
  return start;
}

Tensor run_stretch(Sampling& sampling, const Pass& pass, const Tensor& x, const ReferenceCall& call) {
  const NoiseModel& noise_model = *pass.settings.scheduler.noise_model;
  const size_t first =
      call.begins_at ? completed_steps(pass.settings, hand_over_time(*call.begins_at, noise_model)) : 0;
  const double until =
      call.ends_at ? hand_over_time(*call.ends_at, noise_model) : -std::numeric_limits<double>::infinity();
  return sampling.run(pass, x, first, until).x;
}

}  // namespace alice
