#include "server/worker/compat/reference_call.h"

#include <sstream>

#include "core/api/scheduler.h"

namespace alice {
namespace {

constexpr const char* kLoras = "loras";
constexpr const char* kEmbedding = "embedding";
constexpr const char *kEnd = "denoising_end", *kBegin = "denoising_start";

/// The pipelines' names of our fields.
const std::map<std::string, std::string>& request_fields() {
  static const std::map<std::string, std::string> fields = {{"prompt", "prompt"},
                                                            {"negative_prompt", "negative_prompt"},
                                                            {"num_inference_steps", "steps"},
                                                            {"guidance_scale", "guidance_scale"},
                                                            {"guidance_rescale", "guidance_rescale"},
                                                            {"height", "height"},
                                                            {"width", "width"},
                                                            {"clip_skip", "clip_skip"},
                                                            {"strength", "strength"},
                                                            {"image_guidance_scale", "image_guidance_scale"},
                                                            {"prompt_2", "prompt_2"},
                                                            {"negative_prompt_2", "negative_prompt_2"},
                                                            {"aesthetic_score", "aesthetic_score"},
                                                            {"negative_aesthetic_score", "negative_aesthetic_score"}};
  return fields;
}

/// Pairs of numbers, which the reference has the other way round, and what stands between ours.
struct PairField {
  const char* field;
  const char* between;
};
const std::map<std::string, PairField>& pair_fields() {
  static const std::map<std::string, PairField> fields = {
      {"original_size", {"original_size", "x"}},
      {"target_size", {"target_size", "x"}},
      {"crops_coords_top_left", {"crop", ","}},
      {"negative_original_size", {"negative_original_size", "x"}},
      {"negative_target_size", {"negative_target_size", "x"}},
      {"negative_crops_coords_top_left", {"negative_crop", ","}}};
  return fields;
}

std::string pair_text(const Json& pair, const PairField& field) {
  return std::to_string(pair.at(1).get<int64_t>()) + field.between + std::to_string(pair.at(0).get<int64_t>());
}

bool has_option(const SchedulerFactory& factory, const std::string& name) {
  for (const OptionSpec& spec : factory.info().options)
    if (spec.name == name) return true;
  return false;
}

std::set<std::string> schedule_arguments(const CompatRun& run, const std::string& pipeline) {
  const auto found = run.scope.schedule_arguments.find(pipeline);
  return found != run.scope.schedule_arguments.end() ? found->second : std::set<std::string>{};
}

/// What a request says of its pictures that the reference does by itself.
void add_pictures(const RunPictures& pictures, GenerateRequest& request) {
  const std::string unknown(64, '0');  // nobody asks for their hashes here
  if (pictures.inputs.image.rgb.defined()) request.image = PictureInput{unknown};
  if (pictures.inputs.mask.rgb.defined()) request.mask = PictureInput{unknown};
  if (!request.mask) return;
  request.mask_from = MaskFrom::white;
  request.mask_blur = 0;
  request.masked_content = MaskedContent::original;
  request.paste_back = false;
}

}  // namespace

std::string pipeline_class(CompatRun& run, const GoldenTable& table, const Json& one) {
  if (one.contains("pipeline")) return one.at("pipeline").get<std::string>();
  const std::string model = table.model_of(one.at("id").get<std::string>(), one);
  return run.golden.model_index(model).value("_class_name", "");
}

Json arguments_of(const CompatRun& run, const std::string& pipeline, const Json& one) {
  const auto known = run.scope.pipelines.find(pipeline);
  Json arguments = known != run.scope.pipelines.end() ? known->second : Json::object();
  arguments.update(one.at("args"));
  return arguments;
}

std::vector<LoraFile> loras_of(CompatRun& run, const GoldenTable& table, const Json& one) {
  const Json inputs = one.value("tensors", Json::object());
  std::vector<LoraFile> files;
  std::istringstream list(inputs.value(kLoras, ""));
  const std::string folder = table.name().substr(0, table.name().find('/') + 1);
  for (std::string entry; std::getline(list, entry, ',');) {
    const size_t colon = entry.find(':');
    if (colon == std::string::npos) throw Error(ErrorCode::bad_request, table.name(), entry + " is no NAME:STRENGTH");
    const std::string name = entry.substr(0, colon);
    const double strength = std::stod(entry.substr(colon + 1));
    files.push_back({name, run.golden.path(folder + name + ".safetensors"), strength, strength});
  }
  return files;
}

ReferenceCall read_call(CompatRun& run, const GoldenTable& table, const Json& one) {
  ReferenceCall call;
  call.id = one.at("id").get<std::string>();
  call.pipeline = pipeline_class(run, table, one);
  call.scheduler = one.at("scheduler").get<std::string>();
  if (!run.scope.pipelines.count(call.pipeline)) throw Skip{call.pipeline + " is not built"};
  call.pictures = pictures_of(run, table, one, {kLoras, kEmbedding});
  call.embedding = one.value("tensors", Json::object()).value(kEmbedding, "");
  const SchedulerFactory* factory = run.composer.registry().of<SchedulerFactory>().find_class(call.scheduler);
  if (!factory) throw Skip{"no plugin implements " + call.scheduler};

  Json fields = {{"seed", one.at("seed")}}, options = Json::object();
  call.arguments = arguments_of(run, call.pipeline, one);
  const std::set<std::string> of_schedule = schedule_arguments(run, call.pipeline);
  for (const auto& argument : call.arguments.items()) {
    if (argument.value().is_null()) continue;
    if (argument.key() == kEnd)
      call.ends_at = argument.value().get<double>();
    else if (argument.key() == kBegin)
      call.begins_at = argument.value().get<double>();
    else if (of_schedule.count(argument.key())) {
      options[argument.key()] = argument.value();
      fields[argument.key()] = 1;  // and no step is left out
    } else if (const auto pair = pair_fields().find(argument.key()); pair != pair_fields().end())
      fields[pair->second.field] = pair_text(argument.value(), pair->second);
    else if (argument.value().is_array())
      throw Skip{"several of '" + argument.key() + "' in one call are not built"};
    else if (const auto known = request_fields().find(argument.key()); known != request_fields().end())
      fields[known->second] = argument.value();
    else if (argument.key() == "num_images_per_prompt")
      call.batch = argument.value().get<int64_t>();
    else if (const auto told = run.scope.step_arguments.find(argument.key()); told != run.scope.step_arguments.end()) {
      if (told->second.count(call.scheduler)) options[argument.key()] = argument.value();
    } else if (has_option(*factory, argument.key()))
      options[argument.key()] = argument.value();
    else
      throw Skip{"the argument '" + argument.key() + "' is not built"};
  }
  if (call.pictures.latents.defined() && !call.begins_at) throw Skip{"latents in place of a picture are not built"};
  call.request = read_generate_request(fields);
  call.request.scheduler_options = std::move(options);
  call.request.prompt_style = PromptStyle::plain;
  add_pictures(call.pictures, call.request);
  return call;
}

}  // namespace alice
