#include <algorithm>
#include <iostream>

#include "core/base/one_line.h"
#include "server/worker/commands.h"

namespace alice {
namespace {

/// Columns of equal width, two blanks between them. What stands in them may be a stranger's.
void print_table(std::vector<std::vector<std::string>> rows) {
  for (auto& row : rows)
    for (std::string& cell : row) cell = on_one_line(cell);
  std::vector<size_t> widths;
  for (const auto& row : rows)
    for (size_t i = 0; i + 1 < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i)
      std::cout << row[i] << (i + 1 < row.size() ? std::string(widths[i] - row[i].size() + 2, ' ') : "");
    std::cout << "\n";
  }
}

void print_json(const Json& value) { std::cout << on_lines(dump_json(value, 2)) << "\n"; }

template <class F>
void add_rows(const FactoryList<F>& list, std::vector<std::vector<std::string>>& rows) {
  for (const auto& factory : list.all()) {
    std::string aliases;
    for (const Alias& alias : factory->info().aliases) aliases += (aliases.empty() ? " (also: " : ", ") + alias.name;
    rows.push_back({list.kind(), factory->info().id, factory->info().help + aliases + (aliases.empty() ? "" : ")")});
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
  if (line.json) {
    print_json(registry.describe());
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows;
  add_rows(registry.backends(), rows);
  add_rows(registry.schedulers(), rows);
  add_rows(registry.text_encoders(), rows);
  add_rows(registry.unets(), rows);
  add_rows(registry.vaes(), rows);
  add_rows(registry.lora_formats(), rows);
  print_table(rows);
  for (const PluginRecord& plugin : registry.plugins())
    if (!plugin.refused.empty()) std::cout << "refused: " << plugin.file.string() << ": " << plugin.refused << "\n";
  return kExitOk;
}

int run_explain(const Composer& composer, const CommandLine& line) {
  const auto plan = composer.blueprint(line.target, true);
  const Blueprint& blueprint = *plan;
  if (line.json) {
    print_json(describe_blueprint(blueprint));
  } else {
    std::vector<std::vector<std::string>> rows;
    for (const Explained& one : blueprint.explanation) rows.push_back({one.what, one.value, "<- " + one.origin});
    print_table(rows);
  }
  for (const Fault& fault : blueprint.faults) std::cerr << on_one_line(fault.place + ": " + fault.sentence) << "\n";
  return blueprint.faults.empty() ? kExitOk : kExitFailed;
}

}  // namespace alice
