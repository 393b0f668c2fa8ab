#include "core/host/make/counted_calls.h"

#include "core/host/make/script.h"
#include "core/host/plugin_call.h"
#include "core/math/noise_source.h"

namespace alice {

int64_t calls_of(const Model& model, const Settings& settings) {
  const PromptStyle style = settings.request.prompt_style.value_or(PromptStyle::plain);
  return changes(prompts_of(settings), style) ? counted_calls(model, settings) : settings.steps;
}

int64_t counted_calls(const Model& model, const Settings& settings) {
  const std::string sampler = "the scheduler " + settings.scheduler.plugin;
  const NoiseModel& noise_model = *settings.scheduler.noise_model;
  const int64_t channels = model.vae->info().latent_channels;
  int64_t calls = 0;
  const Denoise count = [&](const Tensor& x, const Level&) {
    ++calls;
    return at::zeros_like(x);
  };
  const OnStep ignore = [](size_t, size_t, const Tensor&) {};
  call_plugin(sampler, [&] {
    const Plan plan = settings.scheduler.scheduler->plan(settings.steps, noise_model);
    SeededNoise noise({0});
    const Tensor x = at::ones({1, channels, 1, 1}) * plan.init_noise_sigma;
    return settings.scheduler.scheduler->sample(count, x, plan, noise_model, noise, ignore);
  });
  return 2 * calls > 3 * settings.steps ? 2 * settings.steps : settings.steps;
}

}  // namespace alice
