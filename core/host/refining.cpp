#include "core/host/refining.h"

#include <algorithm>
#include <cmath>

#include "core/host/shown.h"

namespace alice {
namespace {

constexpr const char* kPlace = "/refiner";

[[noreturn]] void refuse(const std::string& sentence) { throw Error(ErrorCode::bad_request, kPlace, sentence); }

void check_fit(const Model& model, const Model& refiner) {
  for (const Model* one : {&model, &refiner})
    if (shown_to(one->unet->info(), one->id) != Shown::nothing)
      refuse("needs two networks that are shown nothing beside the latents, and " + one->id + " is shown a picture");
  const VaeInfo &a = model.vae->info(), &b = refiner.vae->info();
  if (a.latent_channels != b.latent_channels || a.reduction != b.reduction)
    refuse("the latents of " + refiner.id + " are of another shape than those of " + model.id);
  if (a.scaling_factor != b.scaling_factor || a.shift_factor != b.shift_factor)
    refuse("the latents of " + refiner.id + " are of another scale than those of " + model.id +
           ": it was trained for another VAE");
}

/// The levels are the first model's; what the network predicts there is its own.
std::shared_ptr<const NoiseModel> with_prediction(const NoiseModel& levels, const NoiseModel& own) {
  if (levels.path() == NoisePath::edm || own.path() != levels.path())
    refuse("needs two models whose networks are told the same training steps");
  NoiseModelOptions options = levels.options();
  options.prediction_type = own.prediction();
  return std::make_shared<NoiseModel>(options);
}

}  // namespace

double hand_over_time(double start, const NoiseModel& noise_model) {
  const auto steps = static_cast<double>(noise_model.train_steps());
  return std::nearbyint(steps - start * steps);
}

size_t steps_before_refiner(const Settings& settings) {
  const Plan plan = plan_of(settings);
  const double time = hand_over_time(*settings.request.refiner_start, *settings.scheduler.noise_model);
  const auto end = plan.levels.end() - 1;
  const auto found = std::find_if(plan.levels.begin(), end, [&](const Level& level) { return level.t < time; });
  return static_cast<size_t>(found - plan.levels.begin());
}

Settings settings_for_refiner(const Settings& first, const Model& model, const Model& refiner,
                              const ChosenScheduler& own) {
  check_fit(model, refiner);
  if (first.clip_skip >= refiner.text_layers())
    throw Error(ErrorCode::bad_request, "/clip_skip",
                "must be less than the " + std::to_string(refiner.text_layers()) +
                    " layers of the refiner's text encoder");
  Settings settings = first;
  settings.refining.reset();
  settings.model = refiner.id;
  settings.loras.clear();
  settings.guidance.is_told = refiner.unet->info().further_conditioning.count(kGuidanceScale) > 0;
  settings.scheduler.noise_model = with_prediction(*first.scheduler.noise_model, *own.noise_model);
  return settings;
}

}  // namespace alice
