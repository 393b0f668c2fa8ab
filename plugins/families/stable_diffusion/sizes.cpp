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
Json vae_words() { return {{"scaling_factor", 0.13025}}; }

Json schedule_of(const ModelContents& model) {
  Json schedule = usual_schedule(model, "EulerDiscreteScheduler");
  if (!schedule.contains("prediction_type")) schedule["prediction_type"] = "epsilon";
  return schedule;
}

}  // namespace alice::stable_diffusion
