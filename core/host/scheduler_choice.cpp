#include "core/host/scheduler_choice.h"

#include <algorithm>
#include <set>

#include "core/api/class_options.h"
#include "core/api/weights.h"

namespace alice {
namespace {

bool is_noise_key(const std::string& name) {
  for (const OptionSpec& spec : noise_model_options().specs())
    if (spec.name == name) return true;
  return false;
}

/// The members of a layer whose keys are `wanted`.
template <class IsWanted>
OptionLayer select(const OptionLayer& layer, IsWanted is_wanted) {
  if (!layer.values.is_object()) return layer;  // null, or a fault that the table reports
  OptionLayer part{Json::object(), layer.unknown, layer.place};
  for (const auto& member : layer.values.items())
    if (is_wanted(member.key())) part.values[member.key()] = member.value();
  return part;
}

bool has_option(const FactoryInfo& info, const std::string& name) {
  return std::any_of(info.options.begin(), info.options.end(), [&](const auto& spec) { return spec.name == name; });
}

/// The range of levels is the model's on one path, and elsewhere the business of samplers alone.
bool is_range(const std::string& name) { return name == "sigma_min" || name == "sigma_max"; }

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

/// "" when the files name none.
std::string class_of(const SchedulerSource& source) {
  if (!source.config.is_object()) return "";
  const auto found = source.config.find("_class_name");
  return found != source.config.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Schedulers of models whose networks mean something else by their output, whatever its shape.
void refuse_other_kinds(const std::string& class_name, const std::string& place) {
  constexpr std::pair<const char*, const char*> kOthers[] = {
      {"FlowMatch", "flow-matching models, whose networks predict the way from noise to picture"},
      {"EDM", "models with the preconditioning of EDM"}};
  for (const auto& [start, whose] : kOthers)
    if (class_name.rfind(start, 0) == 0)
      throw Error(ErrorCode::unsupported, place,
                  "names the scheduler class " + class_name + ", which is for " + whose +
                      ": no plugin implements it, and others would misread such a network. Name a scheduler and what "
                      "the network predicts (prediction_type) in the configuration (models, this model, scheduler)");
}

/// A factory that says that it stands in for the class, and with which options.
struct Kin {
  const SchedulerFactory* factory = nullptr;
  Json options = Json::object();
};

Kin kin_of(const Registry& registry, const std::string& class_name) {
  for (const SchedulerFactory* factory : registry.of<SchedulerFactory>().all())
    for (const Alias& kin : factory->info().kin)
      if (kin.name == class_name) return {factory, kin.options};
  return {};
}

/// Members of the model's file that fit the scheduler's options, and those of the noise schedule: the file may be
/// another class's.
OptionLayer fitting(const OptionLayer& layer, const FactoryInfo& info) {
  if (!layer.values.is_object()) return layer;
  OptionLayer part = select(layer, is_noise_key);
  for (const OptionSpec& spec : info.options) {
    Faults misfits;
    const auto found = layer.values.find(spec.name);
    if (found != layer.values.end() && spec.check(*found, "", misfits)) part.values[spec.name] = *found;
  }
  return part;
}

/// What the model's files say, as far as it fits: the file itself, and its class by its name alone.
OptionLayers layers_of_files(const Registry& registry, const SchedulerSource& source,
                             const SchedulerFactory& factory) {
  const OptionLayer file{source.config, UnknownKeys::pass_over, json_places(source.place)};
  const SchedulerFactory* of_class = registry.of<SchedulerFactory>().find_class(class_of(source));
  if (of_class == nullptr) return {fitting(file, factory.info())};
  const OptionLayer by_name{options_of_class(*of_class, class_of(source)), file.unknown, file.place};
  const OptionLayer usual{options_of_class(*of_class, class_of(source), kClassDefaults), file.unknown, file.place};
  if (of_class == &factory) return {usual, file, by_name};
  return {fitting(usual, factory.info()), fitting(file, factory.info()), fitting(by_name, factory.info())};
}

std::shared_ptr<const NoiseModel> noise_model_of(const OptionLayers& layers) {
  OptionLayers noise_layers;
  for (const OptionLayer& layer : layers) noise_layers.push_back(select(layer, is_noise_key));
  return std::make_shared<NoiseModel>(read_options(noise_model_options(), noise_layers, ErrorCode::bad_config));
}

/// All but what is the noise model's alone.
OptionLayers samplers_part(const OptionLayers& layers, const FactoryInfo& info, NoisePath path) {
  OptionLayers own_layers;
  for (const OptionLayer& layer : layers)
    own_layers.push_back(select(layer, [&](const std::string& name) {
      return !is_noise_key(name) || has_option(info, name) || (is_range(name) && path != NoisePath::edm);
    }));
  return own_layers;
}

/// Of every scheduler's options and the noise schedule's.
std::set<std::string> known_members(const Registry& registry) {
  std::set<std::string> known;
  for (const SchedulerFactory* factory : registry.of<SchedulerFactory>().all())
    for (const OptionSpec& spec : factory->info().options) known.insert(spec.name);
  for (const OptionSpec& spec : noise_model_options().specs()) known.insert(spec.name);
  return known;
}

bool knows(const FactoryInfo& info, const std::string& member, const Json& value) {
  Faults misfits;
  return is_noise_key(member) || std::any_of(info.options.begin(), info.options.end(), [&](const OptionSpec& spec) {
           return spec.name == member && spec.check(value, "", misfits);
         });
}

/// The file's members that `is_lost` says true of; those that begin with "_" are about the file itself.
template <class IsLost>
std::vector<std::string> members_where(const Json& config, IsLost is_lost) {
  std::vector<std::string> names;
  for (const auto& member : config.items())
    if (member.key().rfind('_', 0) != 0 && is_lost(member.key(), member.value())) names.push_back(member.key());
  return names;
}

}  // namespace

DefaultScheduler default_scheduler(const Registry& registry, const SchedulerSource& source) {
  if (!source.configured.plugin.empty())
    return {source.configured.plugin, source.configured.place(""), Json::object(), ""};
  const std::string class_name = class_of(source);
  if (const SchedulerFactory* factory = registry.of<SchedulerFactory>().find_class(class_name))
    return {factory->info().id, source.place, Json::object(), ""};
  refuse_other_kinds(class_name, source.place);
  if (const Kin kin = kin_of(registry, class_name); kin.factory != nullptr)
    return {kin.factory->info().id, source.place + " (akin to " + class_name + ")", kin.options, class_name};
  if (!source.fallback.empty()) return {source.fallback, "generation.default_scheduler", Json::object(), class_name};
  if (registry.of<SchedulerFactory>().all().empty())
    throw Error(ErrorCode::not_found, "plugins", "no scheduler plugin is loaded");
  return {registry.of<SchedulerFactory>().all().front()->info().id, "the first scheduler that is loaded",
          Json::object(), class_name};
}

ChosenScheduler choose_scheduler(const Registry& registry, const SchedulerSource& source, const std::string& name,
                                 const Json& options) {
  const bool requested = !name.empty();
  const DefaultScheduler own =
      requested ? DefaultScheduler{name, "/scheduler", Json::object(), ""} : default_scheduler(registry, source);
  const std::string& wanted = own.name;
  const auto named = registry.of<SchedulerFactory>().get(wanted, own.origin,
                                                         requested ? ErrorCode::bad_request : ErrorCode::bad_config);
  const FactoryInfo& info = named.factory->info();
  OptionLayers layers = layers_of_files(registry, source, *named.factory);
  layers.push_back({own.options, UnknownKeys::fault, json_places("kin " + own.stands_in_for)});
  layers.push_back({named.options, UnknownKeys::fault, json_places("alias " + wanted)});
  const bool configured = !source.configured.plugin.empty() &&
                          registry.of<SchedulerFactory>().find(source.configured.plugin).factory == named.factory;
  if (configured) layers.push_back({source.configured.options, UnknownKeys::fault, source.configured.place});
  layers.push_back({options, UnknownKeys::fault, json_places("/scheduler_options")});

  ChosenScheduler chosen;
  chosen.name = wanted;
  chosen.plugin = info.id;
  try {
    chosen.noise_model = noise_model_of(layers);
    chosen.scheduler = named.factory->create(samplers_part(layers, info, chosen.noise_model->path()));
  } catch (const Error& e) {
    const bool requests_fault = e.code() == ErrorCode::bad_config && !options.empty();
    throw requests_fault ? Error(ErrorCode::bad_request, e.place(), e.sentence()) : e;
  }
  tell_effective(info, layers, chosen);
  return chosen;
}

std::vector<Fault> scheduler_warnings(const Registry& registry, const SchedulerSource& source) {
  const DefaultScheduler own = default_scheduler(registry, source);
  if (!source.config.is_object() || !source.configured.plugin.empty()) return {};
  std::vector<Fault> warnings;
  const auto named = registry.of<SchedulerFactory>().find(own.name);
  if (!own.stands_in_for.empty() && named.factory != nullptr) {
    const auto lost = members_where(source.config, [&](const std::string& member, const Json& value) {
      return !knows(named.factory->info(), member, value);
    });
    warnings.push_back({source.place, "names the scheduler class " + own.stands_in_for +
                                          ", which no plugin implements: '" + own.name +
                                          "' is used instead, and the pictures are not that class's" +
                                          (lost.empty() ? "" : " (no use is made of " + some_of(lost) + ")")});
    return warnings;
  }
  const std::set<std::string> known = known_members(registry);
  const auto strange =
      members_where(source.config, [&](const std::string& member, const Json&) { return known.count(member) == 0; });
  if (!strange.empty())
    warnings.push_back(
        {source.place, "has members that no scheduler here knows, which are passed over: " + some_of(strange)});
  return warnings;
}

std::string scheduler_caution(const Registry& registry, const SchedulerSource& source, const std::string& name) {
  const auto asked = registry.of<SchedulerFactory>().find(name);
  if (asked.factory == nullptr || asked.factory->info().caution.empty()) return "";
  const std::string class_name = class_of(source);
  const auto& kin = asked.factory->info().kin;
  const bool is_named = registry.of<SchedulerFactory>().find_class(class_name) == asked.factory ||
                        registry.of<SchedulerFactory>().find(source.configured.plugin).factory == asked.factory ||
                        std::any_of(kin.begin(), kin.end(), [&](const Alias& one) { return one.name == class_name; });
  return is_named ? "" : asked.factory->info().id + " " + asked.factory->info().caution;
}

}  // namespace alice
