#include "core/host/warm_up.h"

#include <c10/core/InferenceMode.h>

#include <cmath>

#include "core/math/noise_source.h"

namespace alice {
namespace {

constexpr int64_t kBatch = 1;

/// The first step, and the first one that asks for the other size of batch.
std::vector<size_t> steps_to_try(const Guidance& guidance, size_t steps) {
  std::vector<size_t> tried = {0};
  for (size_t step = 1; step < steps && tried.size() == 1; ++step)
    if (guidance.counts_at(step, steps) != guidance.counts_at(0, steps)) tried.push_back(step);
  return tried;
}

void try_network(const Model& model, const Settings& settings, const Conditioning& conditioning,
                 const Tensor& noise) {
  const NoiseModel& noise_model = *settings.scheduler.noise_model;
  const Plan plan = settings.scheduler.scheduler->plan(settings.steps, noise_model);
  GuidedNetwork network(model.unet, conditioning, settings.guidance, settings.shortcuts, noise_model.prediction(),
                        plan);
  for (const size_t step : steps_to_try(settings.guidance, plan.steps())) {
    const Level& level = plan.levels[step];
    const Tensor x = noise * std::hypot(level.alpha, level.sigma);
    network.pass(x, level);
    network.denoise(x, level);
  }
}

}  // namespace

void warm_up(const Model& model, const Settings& settings, const OnStage& on_stage) {
  const c10::InferenceMode no_gradients;
  on_stage(JobStage::encode);
  std::vector<std::string> warnings;
  const Conditioning conditioning = encode(model, settings, kBatch, warnings);

  on_stage(JobStage::denoise);
  const int64_t reduction = model.vae->info().reduction;
  const Tensor latents = at::zeros(
      {kBatch, model.vae->info().latent_channels, settings.height / reduction, settings.width / reduction});
  try_network(model, settings, conditioning, SeededNoise({settings.seed}).normal_like(latents));

  on_stage(JobStage::decode);
  decode(model, latents);
}

}  // namespace alice
