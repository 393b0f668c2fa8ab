#include "plugins/families/stable_diffusion/sizes.h"

#include <ATen/ATen.h>

#include "plugins/families/stable_diffusion/published.h"

namespace alice::stable_diffusion {
namespace {

constexpr const char* kForceZeros = "force_zeros_for_empty_prompt";

}  // namespace

Tensor numbers(const std::vector<int64_t>& values) { return at::tensor(values).to(at::kFloat).unsqueeze(0); }

bool wants_zeros(const ModelContents& model, bool otherwise) {
  const Json said = model.index.value(kForceZeros, Json());
  if (said.is_boolean()) return said.get<bool>();
  if (!said.is_null())
    throw Error(ErrorCode::bad_weights, model.place, std::string("'") + kForceZeros + "' must be true or false");
  return model.is_folder || otherwise;
}

Json unet_words(int64_t time_ids) { return {{"sample_size", 128}, {"time_ids", time_ids}}; }
Json vae_words(const ModelContents& model) {
  if (edm_of(model) != Edm::of_noise) return {{"scaling_factor", 0.13025}};
  return {{"scaling_factor", 0.5},
          {"latents_mean", {-1.6574, 1.886, -1.383, 2.5155}},
          {"latents_std", {8.4927, 5.9022, 6.5498, 5.2299}}};
}

std::vector<std::string> passed_over() {
  std::vector<std::string> names = training_leftovers();
  names.insert(names.end(), {"edm_mean", "edm_std", "edm_vpred."});
  return names;
}

Json schedule_of(const ModelContents& model) {
  switch (edm_of(model)) {
    case Edm::of_noise:
      return {{"_class_name", "EDMDPMSolverMultistepScheduler"},
              {"prediction_type", "epsilon"},
              {"sigma_min", 0.002},
              {"sigma_max", 80.0},
              {"sigma_data", 0.5}};
    case Edm::of_velocity:
      return {{"_class_name", "EDMEulerScheduler"}, {"prediction_type", "v_prediction"},
              {"sigma_min", 0.002},                 {"sigma_max", 120.0},
              {"sigma_data", 1.0},                  {"sigma_schedule", "exponential"}};
    case Edm::no: break;
  }
  Json schedule = usual_schedule(model, "EulerDiscreteScheduler");
  if (!schedule.contains("prediction_type")) schedule["prediction_type"] = "epsilon";
  return schedule;
}

}  // namespace alice::stable_diffusion
