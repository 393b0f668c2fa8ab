#include "server/worker/compat/reference_call.h"

#include <sstream>

#include "core/api/scheduler.h"

namespace alice {
namespace {

constexpr const char* kLoras = "loras";
constexpr const char* kEta = "eta";

/// The pipelines' names of our fields.
const std::map<std::string, std::string>& request_fields() {
  static const std::map<std::string, std::string> fields = {{"prompt", "prompt"},
                                                            {"negative_prompt", "negative_prompt"},
                                                            {"num_inference_steps", "steps"},
                                                            {"guidance_scale", "guidance_scale"},
                                                            {"guidance_rescale", "guidance_rescale"},
                                                            {"height", "height"},
                                                            {"width", "width"},
                                                            {"clip_skip", "clip_skip"}};
  return fields;
}

bool has_option(const SchedulerFactory& factory, const std::string& name) {
  for (const OptionSpec& spec : factory.info().options)
    if (spec.name == name) return true;
  return false;
}

/// Of pictures and adapters: those that are not LoRAs.
void refuse_inputs(const Json& one) {
  const Json inputs = one.value("tensors", Json::object());
  for (const auto& input : inputs.items())
    if (input.key() != kLoras) throw Skip{"the input '" + input.key() + "' is not built"};
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
  refuse_inputs(one);
  const SchedulerFactory* factory = run.composer.registry().of<SchedulerFactory>().find_class(call.scheduler);
  if (!factory) throw Skip{"no plugin implements " + call.scheduler};

  Json fields = {{"seed", one.at("seed")}}, options = Json::object();
  call.arguments = arguments_of(run, call.pipeline, one);
  for (const auto& argument : call.arguments.items()) {
    if (argument.value().is_null()) continue;
    if (argument.value().is_array()) throw Skip{"several of '" + argument.key() + "' in one call are not built"};
    if (const auto known = request_fields().find(argument.key()); known != request_fields().end())
      fields[known->second] = argument.value();
    else if (argument.key() == "num_images_per_prompt")
      call.batch = argument.value().get<int64_t>();
    else if (has_option(*factory, argument.key()))
      options[argument.key()] = argument.value();
    else if (argument.key() != kEta)  // of which pipelines tell only those schedulers that know it
      throw Skip{"the argument '" + argument.key() + "' is not built"};
  }
  call.request = read_generate_request(fields);
  call.request.scheduler_options = std::move(options);
  return call;
}

}  // namespace alice
