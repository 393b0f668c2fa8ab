#include "core/host/scheduler_source.h"

#include <algorithm>

#include "core/api/scheduler.h"
#include "core/host/declared_prediction.h"

namespace alice {
namespace {

constexpr const char* kClass = "_class_name";

constexpr const char* kPrediction = "prediction_type";
constexpr const char* kUsualPrediction = "epsilon";

/// `corrected`: options that are the reference's, and not what the file says. `of_prediction`: where the kind of
/// prediction stands.
void explain(const ChosenScheduler& chosen, const Json& corrected, const std::string& of_prediction,
             Blueprint& blueprint) {
  auto& lines = blueprint.explanation;
  const auto& noise = noise_model_options().specs();
  for (const auto& option : chosen.options.items()) {
    const std::string& name = option.key();
    if (corrected.contains(name) && corrected[name] == option.value()) continue;
    const bool is_noise = std::any_of(noise.begin(), noise.end(), [&](const auto& spec) { return spec.name == name; });
    const std::string origin = name == kPrediction ? of_prediction : chosen.origins.at(name);
    lines.push_back({(is_noise ? "noise schedule " : "scheduler ") + name, dump_json(option.value()), origin});
  }
  for (const auto& option : corrected.items())
    if (chosen.options.value(option.key(), option.value()) == option.value())  // and nobody says otherwise
      lines.push_back({"scheduler " + option.key(), dump_json(option.value()),
                       "the reference's pipeline for " + blueprint.family.recognition.description});
}

/// The class that model_index.json names, over the one in the scheduler's own file.
void take_indexed_class(const StoredModel& stored, SchedulerSource& source) {
  const auto indexed = stored.classes.find("scheduler");
  if (indexed == stored.classes.end() || !source.config.is_object()) return;
  const Json own = source.config.value(kClass, Json());
  if (own.is_string() && own != indexed->second)
    source.warnings.push_back({source.place, "names the class " + own.get<std::string>() + ", model_index.json names " +
                                                 indexed->second + ", which counts"});
  source.config[kClass] = indexed->second;
}

/// The members of the files, completed with what is usual for the network where the files say little.
void complete(const FamilyRecognition& family, const StoredModel& stored, SchedulerSource& source) {
  const Json& usual = family.schedule;
  if (source.config.is_null()) {
    source.config = usual;
    source.place = "what is usual for " + family.description;
    if (stored.is_folder) source.warnings.push_back({stored.place, "has no scheduler: " + source.place + " is taken"});
  } else if (!stored.is_folder && usual.is_object() && !source.config.contains(kClass)) {
    Json completed = usual;  // settings beside a file often name no class
    completed.update(source.config);
    source.config = std::move(completed);
  }
}

/// What the network of a single file predicts: its settings say it, else a configuration or metadata, else its tensors'
/// names. Returns where. Those who say otherwise are told.
std::string settle_prediction(const FamilyRecognition& family, const StoredModel& stored, SchedulerSource& source) {
  if (stored.is_folder || !source.config.is_object()) return source.place;
  std::vector<DeclaredPrediction> said;
  if (stored.scheduler_config.is_object() && stored.scheduler_config.value(kPrediction, Json()).is_string())
    said.push_back({stored.scheduler_config[kPrediction].get<std::string>(), "the settings beside it"});
  for (auto& declared : declared_predictions(stored.place, stored.whole->index().metadata))
    said.push_back(std::move(declared));
  const Json of_names = family.schedule.is_object() ? family.schedule.value(kPrediction, Json()) : Json();
  if (of_names.is_string() && of_names != kUsualPrediction)
    said.push_back({of_names.get<std::string>(), "the names of its tensors"});
  if (said.empty()) {
    if (!of_names.is_string())
      source.warnings.push_back({stored.place, std::string("what its network predicts cannot be told: ") +
                                                   kUsualPrediction +
                                                   " is taken. Should pictures be a grey mush, put settings with "
                                                   "scheduler/prediction_type into a .json file of the same name "
                                                   "beside it"});
    return source.place;
  }
  source.config[kPrediction] = said.front().type;
  for (const DeclaredPrediction& other : said)
    if (other.type != said.front().type)
      source.warnings.push_back({stored.place, "its network predicts " + other.type + " by " + other.place + ", but " +
                                                   said.front().type + " by " + said.front().place + ", which counts"});
  return said.front().place;
}

bool has_option(const Registry& registry, const std::string& scheduler, const std::string& option) {
  const SchedulerFactory* factory = registry.of<SchedulerFactory>().find(scheduler).factory;
  if (factory == nullptr) return false;
  for (const OptionSpec& spec : factory->info().options)
    if (spec.name == option) return true;
  return false;
}

/// What the reference's pipeline does with any scheduler that it is given: returns what is another than the file says.
/// Told where the file says so in so many words; files that say nothing are many.
Json correct(const Registry& registry, const std::string& scheduler, const Json& corrections, SchedulerSource& source) {
  Json corrected = Json::object();
  if (!corrections.is_object() || !source.config.is_object()) return corrected;
  for (const auto& right : corrections.items()) {
    const auto said = source.config.find(right.key());
    if (said != source.config.end() && *said == right.value()) continue;
    if (said != source.config.end() && has_option(registry, scheduler, right.key()))
      source.warnings.push_back({source.place, right.key() + " is " + dump_json(*said) + ": " +
                                                   dump_json(right.value()) +
                                                   " is used, as the reference's pipeline for such a model does"});
    corrected[right.key()] = right.value();
  }
  source.config.update(corrected);
  return corrected;
}

}  // namespace

void settle_scheduler(const Registry& registry, const HostConfig& config, const StoredModel& stored,
                      Blueprint& blueprint) {
  const FamilyRecognition& family = blueprint.family.recognition;
  SchedulerSource& source = blueprint.scheduler;
  source.configured = blueprint.config.scheduler;
  source.fallback = config.defaults.scheduler;
  if (!blueprint.config.defaults.scheduler.empty()) source.fallback = blueprint.config.defaults.scheduler;
  source.config = stored.scheduler_config;
  source.place = stored.place + (stored.is_folder ? "/scheduler/scheduler_config.json" : " (settings beside it)");
  take_indexed_class(stored, source);
  complete(family, stored, source);
  const std::string of_prediction = settle_prediction(family, stored, source);

  const DefaultScheduler own = default_scheduler(registry, source);
  for (Fault& warning : scheduler_warnings(registry, source)) source.warnings.push_back(std::move(warning));
  const Json corrected = correct(registry, own.name, family.schedule_corrections, source);
  const ChosenScheduler chosen =
      choose_scheduler(registry, source, "", Json::object());  // its options are checked here
  blueprint.explanation.push_back(
      {"scheduler", own.name == chosen.plugin ? own.name : own.name + " (" + chosen.plugin + ")", own.origin});
  explain(chosen, corrected, of_prediction, blueprint);
}

}  // namespace alice
