#include "core/host/settings.h"

#include <random>
#include <sstream>

namespace alice {
namespace {

constexpr int64_t kDefaultSteps = 25;
constexpr double kDefaultGuidance = 7.5;

template <class T>
T first_of(const std::optional<T>& request, const std::optional<T>& model, const std::optional<T>& general, T built_in) {
  if (request) return *request;
  if (model) return *model;
  return general.value_or(built_in);
}

/// 32 bits, as A1111 and diffusers' users are used to.
uint64_t draw_seed() { return std::random_device{}(); }

void check_side(const char* place, int64_t side, int64_t reduction, Faults& faults) {
  if (side > 0 && side % reduction == 0) return;
  const int64_t below = side / reduction * reduction;
  faults.add(place, "must be a multiple of " + std::to_string(reduction) + " for this model, got " + std::to_string(side) +
                        " (near: " + (below > 0 ? std::to_string(below) + " or " : "") + std::to_string(below + reduction) + ")");
}

std::string number(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

}  // namespace

Settings resolve_settings(const SettingsSources& sources, const Pipeline& pipeline, std::vector<std::string>& warnings) {
  const GenerateRequest& request = sources.request;
  const GenerateRequest& model = sources.model_defaults;
  const GenerateRequest& general = sources.general_defaults;
  const int64_t reduction = pipeline.vae->info().reduction;
  const int64_t native_side = pipeline.unet->info().native_latent_size * reduction;

  Settings settings;
  settings.model = pipeline.id;
  settings.prompt = request.prompt;
  settings.negative_prompt = request.negative_prompt.empty() ? model.negative_prompt : request.negative_prompt;
  settings.steps = first_of(request.steps, model.steps, general.steps, kDefaultSteps);
  settings.guidance.scale = first_of(request.guidance_scale, model.guidance_scale, general.guidance_scale, kDefaultGuidance);
  settings.guidance.rescale = request.guidance_rescale;
  settings.width = first_of(request.width, model.width, general.width, native_side);
  settings.height = first_of(request.height, model.height, general.height, native_side);
  settings.clip_skip = request.clip_skip ? request.clip_skip : model.clip_skip;
  settings.n = request.n;
  settings.seed = request.seed ? static_cast<uint64_t>(*request.seed) : draw_seed();
  settings.loras = request.loras;

  Faults faults;
  check_side("/width", settings.width, reduction, faults);
  check_side("/height", settings.height, reduction, faults);
  const int64_t layers = pipeline.text_encoder->info().layers;
  if (settings.clip_skip >= layers)
    faults.add("/clip_skip", "must be less than the text encoder's " + std::to_string(layers) + " layers, got " +
                                 std::to_string(settings.clip_skip));
  faults.throw_if_any(ErrorCode::bad_request);

  if (!settings.guidance.two_passes()) {
    if (!request.negative_prompt.empty())
      warnings.push_back("/negative_prompt: has no effect with a guidance scale of 1 or less");
    if (request.guidance_rescale > 0)
      warnings.push_back("/guidance_rescale: has no effect with a guidance scale of 1 or less");
  }
  return settings;
}

std::string infotext(const Settings& settings, uint64_t seed) {
  std::string text = settings.prompt;
  for (const LoraUse& lora : settings.loras) text += " <lora:" + lora.name + ":" + number(lora.strength) + ">";
  if (!settings.negative_prompt.empty()) text += "\nNegative prompt: " + settings.negative_prompt;
  text += "\nSteps: " + std::to_string(settings.steps) + ", Sampler: " + settings.scheduler.id + ", CFG scale: " +
          number(settings.guidance.scale) + ", Seed: " + std::to_string(seed) + ", Size: " + std::to_string(settings.width) + "x" +
          std::to_string(settings.height) + ", Model: " + settings.model;
  if (settings.clip_skip > 0) text += ", Clip skip: " + std::to_string(settings.clip_skip + 1);  // A1111 counts from 1
  if (settings.guidance.rescale > 0) text += ", CFG Rescale phi: " + number(settings.guidance.rescale);
  return text;
}

Json settings_json(const Settings& settings, uint64_t seed) {
  Json loras = Json::array();
  for (const LoraUse& lora : settings.loras) loras.push_back({{"name", lora.name}, {"strength", lora.strength}});
  return {{"model", settings.model},
          {"prompt", settings.prompt},
          {"negative_prompt", settings.negative_prompt},
          {"steps", settings.steps},
          {"guidance_scale", settings.guidance.scale},
          {"guidance_rescale", settings.guidance.rescale},
          {"clip_skip", settings.clip_skip},
          {"width", settings.width},
          {"height", settings.height},
          {"seed", seed},
          {"scheduler", settings.scheduler.id},
          {"loras", loras}};
}

}  // namespace alice
