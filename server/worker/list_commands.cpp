#include <algorithm>
#include <iostream>
#include <sstream>

#include "core/base/one_line.h"
#include "server/worker/commands.h"
#include "server/worker/table.h"

namespace alice {
namespace {

void print_json(const Json& value) { std::cout << on_lines(dump_json(value, 2)) << "\n"; }

void add_rows(const FactoryList& list, std::vector<std::vector<std::string>>& rows) {
  for (const auto& factory : list.all()) {
    std::string aliases;
    for (const Alias& alias : factory->info().aliases) aliases += (aliases.empty() ? " (also: " : ", ") + alias.name;
    rows.push_back(
        {list.kind().words, factory->info().id, factory->info().help + aliases + (aliases.empty() ? "" : ")")});
  }
}

Json json_of(const ModelStatus& model) {
  Json json = model.facts;
  json.update({{"id", model.id},
               {"source", model.source.string()},
               {"available", model.unavailable.empty()},
               {"description", model.description}});
  if (!model.note.empty()) json["note"] = model.note;
  if (!model.unavailable.empty()) json["unavailable"] = model.unavailable;
  return json;
}

/// What a request gets that says nothing: "20 steps of NAME, guidance 3".
std::string usual_settings(const Json& facts) {
  const auto defaults = facts.find("defaults");
  if (defaults == facts.end()) return "";
  std::ostringstream words;
  words << defaults->at("steps").get<int64_t>() << " steps of " << defaults->at("scheduler").get<std::string>()
        << ", guidance " << defaults->at("guidance_scale").get<double>();
  return words.str();
}

/// A row of the table, and one of what its maker says of it.
void add_rows(const ModelStatus& model, std::vector<std::vector<std::string>>& rows) {
  if (model.unavailable.empty())
    rows.push_back({model.id, model.size.native.is_known() ? to_text(model.size.native) : "",
                    usual_settings(model.facts), model.description + (model.note.empty() ? "" : "; " + model.note)});
  else
    rows.push_back({model.id, "", "", "unavailable: " + model.unavailable});
  const std::string card = model.facts.value("card", "");
  if (!card.empty()) rows.push_back({"  " + card});
}

}  // namespace

int run_models(const Composer& composer, const CommandLine& line) {
  const std::vector<ModelStatus> models = composer.models();
  if (line.json) {
    Json list = Json::array();
    for (const ModelStatus& model : models) list.push_back(json_of(model));
    print_json({{"models", list}, {"loras", composer.loras().names()}});
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows;
  for (const ModelStatus& model : models) add_rows(model, rows);
  print_table(rows);
  for (const std::string& lora : composer.loras().names()) std::cout << "lora/" << on_one_line(lora) << "\n";
  if (models.empty()) std::cout << "no models in " << composer.config().models_directory.string() << "\n";
  return kExitOk;
}

int run_plugins(const Registry& registry, const CommandLine& line) {
  const auto& plugins = registry.plugins();
  const bool all_loaded =
      std::all_of(plugins.begin(), plugins.end(), [](const PluginRecord& plugin) { return plugin.refused.empty(); });
  const int exit_code = all_loaded ? kExitOk : kExitFailed;
  if (line.json) {
    print_json(registry.describe());
    return exit_code;
  }
  std::vector<std::vector<std::string>> rows;
  for (const PluginKind& kind : plugin_kinds()) add_rows(registry.of(kind), rows);
  print_table(rows);
  for (const PluginRecord& plugin : plugins)
    if (!plugin.refused.empty()) std::cout << "refused: " << plugin.file.string() << ": " << plugin.refused << "\n";
  return exit_code;
}

}  // namespace alice
