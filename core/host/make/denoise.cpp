#include "core/host/make/denoise.h"

#include "core/host/plugin_call.h"

namespace alice {

Tensor denoise(const Model& model, const Settings& settings, const Conditioning& conditioning, int64_t batch,
               NoiseSource& noise, const OnStep& on_step, const WrapDenoise& wrap) {
  const NoiseModel& noise_model = *settings.scheduler.noise_model;
  const Scheduler& scheduler = *settings.scheduler.scheduler;
  const int64_t reduction = model.vae->info().reduction;

  const std::string sampler = "the scheduler " + settings.scheduler.plugin;
  const Plan plan = call_plugin(sampler, [&] { return scheduler.plan(settings.steps, noise_model); });
  GuidedNetwork network(model.unet, conditioning, settings.guidance, settings.shortcuts, noise_model.prediction(),
                        plan);
  Denoise answer = [&](const Tensor& x, const Level& level) { return network.denoise(x, level); };
  if (wrap) answer = wrap(std::move(answer));
  const Denoise ask = [&](const Tensor& x, const Level& level) {
    network.pass(x, level);
    return answer(x, level);
  };
  const Tensor shape =
      at::empty({batch, model.vae->info().latent_channels, settings.height / reduction, settings.width / reduction});
  const Tensor latents = call_plugin(sampler, [&] {
    return scheduler.sample(ask, noise.normal_like(shape) * plan.init_noise_sigma, plan, noise_model, noise, on_step);
  });
  return all_finite(with_shape(latents, shape.sizes(), sampler), sampler);
}

}  // namespace alice
