#include "core/host/settings.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "core/base/prompt_weights.h"
#include "core/base/request_checks.h"
#include "core/host/shown.h"

namespace alice {
namespace {

constexpr size_t kMostParts = 16;  // of a prompt: each is a row more

/// 32 bits, as A1111 and diffusers' users are used to.
uint64_t draw_seed() { return std::random_device{}(); }

/// What the request asks of the two passes of guidance, of which there is one.
void warn_of_guidance(const GenerateRequest& request, const Guidance& guidance, std::vector<std::string>& warnings) {
  const std::string why = guidance.is_told ? "with a network that is told the guidance scale"
                                           : "with a guidance scale of 1 or less";
  if (!request.negative_prompt.value_or("").empty()) warnings.push_back("/negative_prompt: has no effect " + why);
  if (request.guidance_rescale.value_or(0) > 0) warnings.push_back("/guidance_rescale: has no effect " + why);
  if (request.guidance_start.value_or(0) > 0 || request.guidance_end.value_or(1) < 1)
    warnings.push_back("/guidance_start, /guidance_end: have no effect " + why);
}

/// A network that is shown its picture begins in noise alone, unless somebody wants less.
GenerateRequest built_in_of(const Model& model, Shown shown) {
  GenerateRequest built_in =
      built_in_defaults(model.unet->info().native_latent_size * model.vae->info().reduction);
  if (shown != Shown::nothing) built_in.strength = 1;
  return built_in;
}

/// Of the parts that AND divides the prompt into; none where there is one that counts once.
std::vector<double> weights_of_parts(const GenerateRequest& request, const Model& model) {
  if (request.prompt_style != PromptStyle::a1111 || request.prompt.size() > kLongestPrompt) return {};
  std::vector<double> weights;
  for (const PromptPart& part : split_parts(request.prompt)) weights.push_back(part.weight);
  if (weights == std::vector<double>{1}) return {};
  const auto refuse = [](const std::string& why) {
    throw Error(ErrorCode::bad_request, "/prompt", "has parts or a weight at its end, " + why);
  };
  if (weights.size() > kMostParts) refuse("and more than " + std::to_string(kMostParts) + " parts");
  for (const double weight : weights)
    if (!(std::abs(weight) <= kLargestWeight)) refuse("and one is beyond 1,000,000");
  if (model.unet->info().further_conditioning.count(kGuidanceScale) > 0)
    refuse("which need a negative prompt, and " + model.id + " is told the guidance scale instead");
  if (shown_to(model.unet->info(), model.id) == Shown::picture && request.image)
    refuse("which A1111 does not join either with a network that is shown the picture");
  return weights;
}

void check_can_be_read(const GenerateRequest& request, const Model& model) {
  if (request.image && !model.vae->info().can_encode)
    throw Error(ErrorCode::unsupported, "/image", "this model's VAE makes pictures and cannot read any");
}

}  // namespace

PictureSize resolve_size(const SettingsSources& sources, const PictureSize& native, int64_t multiple) {
  const GenerateRequest& request = sources.request;
  if (const PictureSize canvas = canvas_size(sources.inputs, request); request.image && canvas.is_known()) {
    const auto fitted = [&](int64_t side) { return std::max(multiple, side / multiple * multiple); };
    const auto beside = [&](const std::optional<int64_t>& other, int64_t own, int64_t others) {
      return fitted(other ? own * *other / others : own);
    };
    return {request.width.value_or(beside(request.height, canvas.width, canvas.height)),
            request.height.value_or(beside(request.width, canvas.height, canvas.width))};
  }
  const GenerateRequest said =
      with_defaults(with_defaults(sources.request, sources.model_defaults), sources.general_defaults);
  return {said.width.value_or(native.width), said.height.value_or(native.height)};
}

Settings resolve_settings(const SettingsSources& sources, const Model& model,
                          std::vector<std::string>& warnings) {
  const GenerateRequest& request = sources.request;
  const int64_t reduction = model.vae->info().reduction;
  const Shown shown = shown_to(model.unet->info(), model.id);
  GenerateRequest all =
      with_defaults(with_defaults(with_defaults(request, sources.model_defaults), sources.general_defaults),
                    built_in_of(model, shown));
  if (const PictureSize size = resolve_size(sources, {}, reduction); request.image && size.is_known()) {
    all.width = size.width;
    all.height = size.height;
  }
  Faults faults;
  check_inputs(sources.inputs, request, faults);
  check_request(all, {reduction, model.text_layers(), shown != Shown::nothing, shown == Shown::mask},
                faults);
  faults.throw_if_any(ErrorCode::bad_request);
  check_can_be_read(request, model);
  if (shown != Shown::picture && request.image && request.image_guidance_scale)
    warnings.push_back("/image_guidance_scale: has no effect with a network that is not shown the picture");

  drop_what_does_not_count(all, request, warnings);
  if (all.output_quality && all.output_format.value_or(PictureFormat::png) == PictureFormat::png)
    warnings.push_back("/output_quality: has no effect on PNG files, which lose nothing");

  if (!has_refiner(all)) all.refiner.reset();
  Settings settings;
  settings.request = all;
  settings.model = model.id;
  settings.prompt = all.prompt;
  settings.negative_prompt = all.negative_prompt;
  settings.steps = *all.steps;
  settings.guidance.scale = *all.guidance_scale;
  settings.guidance.is_told = model.unet->info().further_conditioning.count(kGuidanceScale) > 0;
  settings.guidance.parts = weights_of_parts(all, model);
  settings.guidance.rescale = *all.guidance_rescale;
  settings.guidance.start = *all.guidance_start;
  settings.guidance.end = *all.guidance_end;
  settings.shortcuts.deepcache_interval = *all.deepcache_interval;
  settings.shortcuts.token_merging_ratio = *all.token_merging_ratio;
  settings.width = *all.width;
  settings.height = *all.height;
  settings.imagined = imagined_of(all, settings.width, settings.height);
  settings.negative_imagined = negative_of(all, settings.imagined);
  settings.clip_skip = *all.clip_skip;
  settings.n = all.n;
  settings.seed = all.seed ? static_cast<uint64_t>(*all.seed) : draw_seed();
  settings.loras = all.loras;
  if (shown == Shown::picture)
    settings.guidance.picture_scale = *all.image_guidance_scale;
  else
    settings.request.image_guidance_scale.reset();
  if (all.image) settings.first_step = settings.steps - steps_done(settings.steps, *all.strength);
  settings.inputs = sources.inputs;
  if (!settings.guidance.two_passes()) warn_of_guidance(request, settings.guidance, warnings);
  return settings;
}

Plan plan_of(const Settings& settings) {
  const Plan whole = settings.scheduler.scheduler->plan(settings.steps, *settings.scheduler.noise_model);
  return settings.first_step > 0 ? whole.from(static_cast<size_t>(settings.first_step)) : whole;
}

void take_scheduler(ChosenScheduler chosen, const Model& model, Settings& settings) {
  const int64_t patch = 2 * model.vae->info().reduction;
  const int64_t tokens = (settings.width / patch) * (settings.height / patch);
  chosen.noise_model = std::make_shared<NoiseModel>(chosen.noise_model->for_tokens(tokens));
  settings.scheduler = std::move(chosen);
}

GenerateRequest as_request(const Settings& settings, uint64_t seed) {
  GenerateRequest request = settings.request;
  request.model = settings.model;
  request.seed = static_cast<int64_t>(seed);
  request.n = 1;
  request.scheduler = settings.scheduler.plugin;
  request.scheduler_options = settings.scheduler.options;
  return request;
}

}  // namespace alice
