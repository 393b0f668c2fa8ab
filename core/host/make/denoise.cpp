#include "core/host/make/denoise.h"

#include "core/host/make/masked.h"
#include "core/host/plugin_call.h"

namespace alice {

Tensor denoise(const Model& model, const Settings& settings, const Conditioning& conditioning, const Start& start,
               NoiseSource& noise, const OnStep& on_step, const WrapDenoise& wrap) {
  const NoiseModel& noise_model = *settings.scheduler.noise_model;
  const Scheduler& scheduler = *settings.scheduler.scheduler;
  const std::string sampler = "the scheduler " + settings.scheduler.plugin;
  const Plan plan = call_plugin(sampler, [&] { return plan_of(settings); });
  GuidedNetwork network(model.unet, conditioning, settings.guidance, settings.shortcuts, noise_model, plan);
  const Level& first = plan.levels.front();
  Denoise answer = [&](const Tensor& x, const Level& level) {
    return network.denoise(with_known(start, x, level, first), level);
  };
  if (wrap) answer = wrap(std::move(answer));
  const Denoise ask = [&](const Tensor& x, const Level& level) {
    network.pass(with_known(start, x, level, first), level);
    return answer(x, level);
  };
  const Tensor latents = call_plugin(
      sampler, [&] { return scheduler.sample(ask, start.x, plan, noise_model, noise, on_step); });
  return known_at_end(start, all_finite(with_shape(latents, start.x.sizes(), sampler), sampler));
}

Tensor denoise(const Model& model, const Settings& settings, const Conditioning& conditioning, int64_t batch,
               NoiseSource& noise, const OnStep& on_step, const WrapDenoise& wrap) {
  const Start start = Beginning(model, settings, {}).start(batch, plan_of(settings), noise);
  return denoise(model, settings, conditioning, start, noise, on_step, wrap);
}

}  // namespace alice
