#include "core/host/make/denoise.h"

#include "core/host/make/masked.h"
#include "core/host/refining.h"

namespace alice {

Tensor denoise(const Model& model, const Settings& settings, const Course& course, const Start& start,
               NoiseSource& noise, const OnStep& on_step, const WrapDenoise& wrap) {
  Sampling sampling(settings, start, noise, on_step, wrap);
  return known_at_end(start, sampling.run({model, settings, course}, start.x).x);
}

Tensor denoise_and_refine(const Model& model, const Settings& settings, const Course& course,
                          const Course& refiners, const Start& start, NoiseSource& noise, const OnStep& on_step,
                          const WrapDenoise& wrap) {
  const double until = hand_over_time(*settings.request.refiner_start, *settings.scheduler.noise_model);
  const Refining& refining = *settings.refining;
  Sampling sampling(settings, start, noise, on_step, wrap);
  const Stretch begun = sampling.run({model, settings, course}, start.x, 0, until);
  const Stretch ended = sampling.run({*refining.model, *refining.settings, refiners}, begun.x, begun.steps);
  return known_at_end(start, ended.x);
}

Tensor denoise(const Model& model, const Settings& settings, const Course& course, int64_t batch,
               NoiseSource& noise, const OnStep& on_step, const WrapDenoise& wrap) {
  const Start start = Beginning(model, settings, {}).start(batch, plan_of(settings), noise);
  return denoise(model, settings, course, start, noise, on_step, wrap);
}

}  // namespace alice
