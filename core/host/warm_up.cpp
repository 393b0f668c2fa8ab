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

void try_network(const Model& model, const Settings& settings, const Course& texts, const Start& start) {
  const NoiseModel& noise_model = *settings.scheduler.noise_model;
  const Plan plan = plan_of(settings);
  GuidedNetwork network(model.unet, with_beside(texts, start.beside, settings.guidance), settings.guidance,
                        settings.shortcuts, noise_model, plan);
  for (const size_t step : steps_to_try(settings.guidance, plan.steps())) {
    const Level& level = plan.levels[step];
    const Tensor x = start.noise * std::hypot(level.alpha, level.sigma);
    network.pass(x, level);
    network.denoise(x, level);
  }
}

}  // namespace

void warm_up(const Model& model, const Settings& settings, const OnStage& on_stage) {
  const c10::InferenceMode no_gradients;
  on_stage(JobStage::encode);
  std::vector<std::string> warnings;
  const Course texts = encode(model, settings, kBatch, warnings);
  SeededNoise noise({settings.seed});
  const Start start =
      Beginning(model, settings, pixels_of(read_pictures(settings, warnings))).start(kBatch, plan_of(settings), noise);

  on_stage(JobStage::denoise);
  try_network(model, settings, texts, start);

  on_stage(JobStage::decode);
  decode(model, at::zeros_like(start.x));
}

}  // namespace alice
