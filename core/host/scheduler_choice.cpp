#include "core/host/scheduler_choice.h"

namespace alice {
namespace {

bool is_noise_key(const std::string& name) {
  for (const OptionSpec& spec : noise_model_options().specs())
    if (spec.name == name) return true;
  return false;
}

/// The keys of the noise schedule (or all others) of a layer.
OptionLayer select(const OptionLayer& layer, bool noise_keys) {
  if (!layer.values.is_object()) return layer;  // null, or a fault that the table reports
  OptionLayer part{Json::object(), layer.unknown, layer.place};
  for (const auto& member : layer.values.items())
    if (is_noise_key(member.key()) == noise_keys) part.values[member.key()] = member.value();
  return part;
}

/// What the layers come to, in names and options.
void tell_effective(const FactoryInfo& info, const OptionLayers& layers, ChosenScheduler& chosen) {
  std::vector<OptionSpec> specs = info.options;
  const auto& noise = noise_model_options().specs();
  specs.insert(specs.end(), noise.begin(), noise.end());
  chosen.options = effective_options(specs, layers);
  chosen.display = display_name(info, chosen.options);
  for (const OptionLayer& layer : layers)
    for (const auto& option : chosen.options.items())
      if (layer.values.is_object() && layer.values.contains(option.key()))
        chosen.origins[option.key()] = layer.place(option.key());
  OptionLayers files;
  for (const OptionLayer& layer : layers)
    if (layer.unknown == UnknownKeys::pass_over) files.push_back(layer);
  const Json of_files = effective_options(specs, files);
  for (const auto& option : chosen.options.items())
    if (!chosen.display.options.contains(option.key()) && of_files.value(option.key(), Json()) != option.value())
      chosen.further_options[option.key()] = option.value();
}

}  // namespace

std::string default_scheduler(const Registry& registry, const SchedulerSource& source, std::string& origin) {
  if (!source.configured.plugin.empty()) {
    origin = source.configured.place("");
    return source.configured.plugin;
  }
  if (source.config.is_object() && source.config.contains("_class_name") && source.config["_class_name"].is_string()) {
    if (const SchedulerFactory* factory =
            registry.schedulers().find_class(source.config["_class_name"].get<std::string>())) {
      origin = source.place;
      return factory->info().id;
    }
  }
  if (!source.fallback.empty()) {
    origin = "generation.default_scheduler";
    return source.fallback;
  }
  if (registry.schedulers().all().empty())
    throw Error(ErrorCode::not_found, "plugins", "no scheduler plugin is loaded");
  origin = "the first scheduler that is loaded";
  return registry.schedulers().all().front()->info().id;
}

ChosenScheduler choose_scheduler(const Registry& registry, const SchedulerSource& source, const std::string& name,
                                 const Json& options) {
  std::string origin;
  const bool requested = !name.empty();
  const std::string wanted = requested ? name : default_scheduler(registry, source, origin);
  const auto named = registry.schedulers().get(wanted, requested ? "/scheduler" : origin,
                                               requested ? ErrorCode::bad_request : ErrorCode::bad_config);

  OptionLayers layers;
  layers.push_back({source.config, UnknownKeys::pass_over, json_places(source.place)});
  layers.push_back({named.options, UnknownKeys::fault, json_places("alias " + wanted)});
  const bool configured = !source.configured.plugin.empty() &&
                          registry.schedulers().find(source.configured.plugin).factory == named.factory;
  if (configured) layers.push_back({source.configured.options, UnknownKeys::fault, source.configured.place});
  layers.push_back({options, UnknownKeys::fault, json_places("/scheduler_options")});

  OptionLayers noise_layers, own_layers;
  for (const OptionLayer& layer : layers) {
    noise_layers.push_back(select(layer, true));
    own_layers.push_back(select(layer, false));
  }
  ChosenScheduler chosen;
  chosen.name = wanted;
  chosen.plugin = named.factory->info().id;
  try {
    chosen.noise_model =
        std::make_shared<NoiseModel>(read_options(noise_model_options(), noise_layers, ErrorCode::bad_config));
    chosen.scheduler = named.factory->create(own_layers);
  } catch (const Error& e) {
    const bool requests_fault = e.code() == ErrorCode::bad_config && !options.empty();
    throw requests_fault ? Error(ErrorCode::bad_request, e.place(), e.sentence()) : e;
  }
  tell_effective(named.factory->info(), layers, chosen);
  return chosen;
}

}  // namespace alice
