#include "core/host/settings.h"

#include <random>

namespace alice {
namespace {

template <class T>
T first_of(const std::optional<T>& request, const std::optional<T>& model, const std::optional<T>& general,
           T built_in) {
  if (request) return *request;
  if (model) return *model;
  return general.value_or(built_in);
}

/// 32 bits, as A1111 and diffusers' users are used to.
uint64_t draw_seed() { return std::random_device{}(); }

void check_side(const char* place, int64_t side, int64_t reduction, Faults& faults) {
  if (side > 0 && side % reduction == 0) return;
  const int64_t below = side / reduction * reduction;
  faults.add(place, "must be a multiple of " + std::to_string(reduction) + " for this model, got " +
                        std::to_string(side) + " (near: " + (below > 0 ? std::to_string(below) + " or " : "") +
                        std::to_string(below + reduction) + ")");
}

}  // namespace

Settings resolve_settings(const SettingsSources& sources, const Pipeline& pipeline,
                          std::vector<std::string>& warnings) {
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
  settings.guidance.scale =
      first_of(request.guidance_scale, model.guidance_scale, general.guidance_scale, kDefaultGuidance);
  settings.guidance.rescale = request.guidance_rescale;
  settings.guidance.start =
      first_of(request.guidance_start, model.guidance_start, general.guidance_start, kDefaultGuidanceStart);
  settings.guidance.end = first_of(request.guidance_end, model.guidance_end, general.guidance_end, kDefaultGuidanceEnd);
  settings.shortcuts.deepcache_interval = first_of(request.deepcache_interval, model.deepcache_interval,
                                                   general.deepcache_interval, kDefaultDeepcacheInterval);
  settings.shortcuts.token_merging_ratio = first_of(request.token_merging_ratio, model.token_merging_ratio,
                                                    general.token_merging_ratio, kDefaultTokenMerging);
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
  if (settings.guidance.start >= settings.guidance.end)
    faults.add("/guidance_end", "must be greater than guidance_start; for no guidance at all say guidance_scale: 1");
  faults.throw_if_any(ErrorCode::bad_request);

  if (!settings.guidance.two_passes()) {
    if (!request.negative_prompt.empty())
      warnings.push_back("/negative_prompt: has no effect with a guidance scale of 1 or less");
    if (request.guidance_rescale > 0)
      warnings.push_back("/guidance_rescale: has no effect with a guidance scale of 1 or less");
    if (request.guidance_start || request.guidance_end)
      warnings.push_back("/guidance_start, /guidance_end: have no effect with a guidance scale of 1 or less");
  }
  return settings;
}

GenerateRequest as_request(const Settings& settings, uint64_t seed) {
  GenerateRequest request;
  request.model = settings.model;
  request.prompt = settings.prompt;
  request.negative_prompt = settings.negative_prompt;
  request.steps = settings.steps;
  request.guidance_scale = settings.guidance.scale;
  request.guidance_rescale = settings.guidance.rescale;
  request.guidance_start = settings.guidance.start;
  request.guidance_end = settings.guidance.end;
  request.deepcache_interval = settings.shortcuts.deepcache_interval;
  request.token_merging_ratio = settings.shortcuts.token_merging_ratio;
  request.clip_skip = settings.clip_skip;
  request.width = settings.width;
  request.height = settings.height;
  request.seed = static_cast<int64_t>(seed);
  request.scheduler = settings.scheduler.name;
  request.scheduler_options = settings.scheduler.options;
  request.loras = settings.loras;
  return request;
}

}  // namespace alice
