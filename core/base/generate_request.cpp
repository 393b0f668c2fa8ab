#include "core/base/generate_request.h"

#include <algorithm>
#include <cmath>

namespace alice {
namespace {

constexpr const char* kLoras = "loras";
constexpr const char* kSchedulerOptions = "scheduler_options";
constexpr double kLargestSeed = 9007199254740991;  // 2^53 - 1: every JSON reader keeps it exactly

const OptionTable<LoraUse>& lora_options() {
  static const auto table = OptionTable<LoraUse>()
                                .text("name", &LoraUse::name, "a LoRA's id")
                                .number("strength", &LoraUse::strength, {}, "how much of it; negative subtracts")
                                .number("text_encoder_strength", &LoraUse::text_encoder_strength, {},
                                        "how much of it in the text encoder, where that is another");
  return table;
}

LoraUse read_lora(const Json& entry, const std::string& place, Faults& faults) {
  LoraUse lora;
  if (entry.is_string())
    lora.name = entry.get<std::string>();
  else
    lora = lora_options().read(entry, UnknownKeys::fault, json_places(place), faults);
  if (entry.is_null())
    faults.add(place, "must be a LoRA's name, or an object with name and strength");
  else if (lora.name.empty() && (entry.is_string() || entry.is_object()))
    faults.add(place, "names no LoRA");
  if (!std::isfinite(lora.strength)) faults.add(place + "/strength", "must be finite");
  if (!std::isfinite(lora.text_encoder_strength.value_or(0)))
    faults.add(place + "/text_encoder_strength", "must be finite");
  return lora;
}

std::vector<LoraUse> read_loras(const Json& list, const std::string& place, Faults& faults) {
  std::vector<LoraUse> loras;
  if (list.is_null()) return loras;
  if (!list.is_array()) {
    faults.add(place, "must be a list of names, or of objects with name and strength");
    return loras;
  }
  for (size_t i = 0; i < list.size(); ++i) loras.push_back(read_lora(list[i], place + "/" + std::to_string(i), faults));
  return loras;
}

/// What an option can be at all (see OptionTable); whether the scheduler has it, is seen when it is made.
bool is_option_value(const Json& value) {
  return value.is_primitive() ||
         (value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& v) { return v.is_primitive(); }));
}

Json read_scheduler_options(const Json& options, const std::string& place, Faults& faults) {
  if (!options.is_object()) {
    if (!options.is_null()) faults.add(place, "must be an object of the scheduler's options");
    return Json::object();
  }
  const PlaceOf place_of = json_places(place);
  for (const auto& option : options.items())
    if (!is_option_value(option.value())) faults.add(place_of(option.key()), "must be one value, or a list of values");
  return options;
}

/// The table's options and the two structures: for "did you mean".
std::vector<OptionSpec> all_members() {
  std::vector<OptionSpec> specs = generate_options().specs();
  for (const char* name : {kLoras, kSchedulerOptions}) specs.emplace_back().name = name;
  return specs;
}

}  // namespace

const OptionTable<GenerateRequest>& generate_options() {
  using R = GenerateRequest;
  static const auto table =
      OptionTable<R>()
          .text("model", &R::model, "the model's id, such as sd/name")
          .text("prompt", &R::prompt, "what to show")
          .text("negative_prompt", &R::negative_prompt, "what to keep away from; of no use without guidance")
          .integer("steps", &R::steps, {1, 1000}, "steps from noise to picture")
          .number("guidance_scale", &R::guidance_scale, {0, 100}, "how strongly the prompt counts; 1 means no guidance")
          .number("guidance_rescale", &R::guidance_rescale, {0, 1},
                  "how far guidance is kept from raising the contrast")
          .number("guidance_start", &R::guidance_start, {0, 1}, "the share of the steps before guidance begins")
          .number("guidance_end", &R::guidance_end, {0, 1}, "the share of the steps after which guidance ends: quicker")
          .integer("deepcache_interval", &R::deepcache_interval, {1, 10},
                   "every how many steps the network's deep part is computed; more than 1 is quicker, and less exact")
          .number("token_merging_ratio", &R::token_merging_ratio, {0, 0.75},
                  "the share of a large map's tokens that are merged with their likes; quicker, and less exact")
          .integer("clip_skip", &R::clip_skip, {0, 100}, "how many last layers of the text encoder are left out")
          .integer("width", &R::width, {8, 8192}, "width of the picture", "pixels")
          .integer("height", &R::height, {8, 8192}, "height of the picture", "pixels")
          .integer("seed", &R::seed, {kDrawnSeed, kLargestSeed}, "where the noise starts; absent or -1: drawn")
          .integer("n", &R::n, {1, 100}, "number of pictures; picture k has the seed plus k")
          .text("scheduler", &R::scheduler, "the sampling algorithm; empty: the model's own");
  return table;
}

const std::vector<FieldAlias>& generate_aliases() {
  static const std::vector<FieldAlias> aliases = {
      {"num_inference_steps", "steps"},          // diffusers
      {"sample_steps", "steps"},                 // stable-diffusion.cpp
      {"guidance", "guidance_scale"},            // Replicate
      {"cfg", "guidance_scale"},                 // ComfyUI
      {"cfg_scale", "guidance_scale"},           // A1111
      {"rng_seed", "seed"},                      // OpenVINO Model Server
      {"num_images", "n"},                       // the original ALICE
      {"num_images_per_prompt", "n"},            // diffusers
      {"num_outputs", "n"},                      // Replicate
      {"batch_size", "n"},                       // A1111
      {"sampler", "scheduler"},                  // A1111's infotext
      {"sampler_name", "scheduler"},             // A1111, ComfyUI
  };
  return aliases;
}

GenerateRequest read_generate_options(const Json& object, UnknownKeys unknown, const PlaceOf& place, Faults& faults) {
  GenerateRequest request = generate_options().read(object, unknown, place, faults);
  if (request.seed == kDrawnSeed) request.seed.reset();
  return request;
}

GenerateRequest read_generate_request(const Json& object) {
  Faults faults;
  GenerateRequest request = read_generate_request(object, json_places(""), faults);
  faults.throw_if_any(ErrorCode::bad_request);
  return request;
}

GenerateRequest read_generate_request(const Json& object, const PlaceOf& place, Faults& faults) {
  GenerateRequest request = read_generate_options(object, UnknownKeys::pass_over, place, faults);
  if (!object.is_object()) return request;
  detail::check_unknown(object, all_members(), place, faults);
  request.loras = read_loras(object.value(kLoras, Json()), place(kLoras), faults);
  request.scheduler_options =
      read_scheduler_options(object.value(kSchedulerOptions, Json()), place(kSchedulerOptions), faults);
  return request;
}

Json write_generate_request(const GenerateRequest& request) {
  Json object = generate_options().write(request);
  object[kLoras] = Json::array();
  for (const LoraUse& lora : request.loras) {
    object[kLoras].push_back(lora_options().write(lora));
    if (!lora.text_encoder_strength) object[kLoras].back().erase("text_encoder_strength");
  }
  object[kSchedulerOptions] = request.scheduler_options;
  return object;
}

}  // namespace alice
