#include <algorithm>
#include <iostream>

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

}  // namespace

int run_models(const Composer& composer, const CommandLine& line) {
  const std::vector<ModelStatus> models = composer.models();
  if (line.json) {
    Json list = Json::array();
    for (const ModelStatus& model : models) {
      Json one = {{"id", model.id},
                  {"source", model.source.string()},
                  {"available", model.unavailable.empty()},
                  {"description", model.description}};
      if (!model.note.empty()) one["note"] = model.note;
      if (!model.unavailable.empty()) one["unavailable"] = model.unavailable;
      list.push_back(std::move(one));
    }
    print_json({{"models", list}, {"loras", composer.loras().names()}});
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows;
  for (const ModelStatus& model : models)
    rows.push_back({model.id, model.unavailable.empty()
                                  ? model.description + (model.note.empty() ? "" : "; " + model.note)
                                  : "unavailable: " + model.unavailable});
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
