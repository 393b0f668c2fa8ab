#include "server/config/model_names.h"

#include <set>

#include "core/base/model_catalogue.h"

namespace alice {
namespace {

void check_exist(const Config& config, Faults& faults) {
  for (const PlacedName& model : config.preload) {
    try {
      find_model(config.host, model.name, /*paths_allowed=*/false, model.place);
    } catch (const Error& e) {
      faults.add(e.place(), e.sentence());
    }
  }
}

void check_counts(const Config& config, Faults& faults) {
  std::set<std::string> known;
  std::map<std::string, size_t> counts;  // by group
  for (const PlacedName& model : config.preload) {
    if (!known.insert(model.name).second) {
      faults.add(model.place, "'" + model.name + "' stands twice in preload");
      continue;
    }
    const WorkerGroupConfig* named = group_naming(config.server, model.name);
    const std::string group = named != nullptr ? named->name : kDefaultGroup;
    if (++counts[group] == kMostLoadedModels + 1)
      faults.add(model.place, "a worker keeps " + std::to_string(kMostLoadedModels) + " models loaded, and '" +
                                  model.name + "' is one more that those of the group '" + group + "' are to preload");
  }
}

}  // namespace

std::optional<Fault> missing_default_model(const Config& config) {
  if (config.default_model.empty()) return std::nullopt;
  try {
    const std::string place = config.origin("models.default_model");
    find_model(config.host, config.default_model, /*paths_allowed=*/false, place);
    return std::nullopt;
  } catch (const Error& e) {
    return Fault{e.place(), "models.default_model: " + e.sentence()};
  }
}

std::vector<PlacedName> read_model_ids(const ConfigNode& node, const std::string& key, SectionReader& reader) {
  std::vector<PlacedName> ids;
  if (node.kind == ConfigNode::Kind::map || node.is_null()) {
    reader.faults().add(node.place, key + " must be a list of model ids, got " + shown(node));
    return ids;
  }
  std::vector<ConfigNode> items = node.items;
  if (node.kind == ConfigNode::Kind::scalar) items = {node};
  for (const ConfigNode& item : items) {
    const std::string id = reader.name_in(item, "a model");
    if (id.compare(0, 3, kModelPrefix) == 0 && id != kModelPrefix)
      ids.push_back({id, item.place});
    else if (!id.empty())
      reader.faults().add(item.place, "'" + id + "' is no model's id: those begin with " + kModelPrefix);
  }
  return ids;
}

std::map<std::string, std::string> read_model_aliases(const ConfigNode& node, SectionReader& reader) {
  std::map<std::string, std::string> aliases;
  if (!reader.is_map(node, "aliases")) return aliases;
  for (const auto& [name, place, value] : node.members) {
    const std::string model = reader.name_in(value, "the model that '" + name + "' means");
    const bool is_id = model.compare(0, 3, kModelPrefix) == 0 && model != kModelPrefix;
    if (is_id || model == kDefaultModelWord)
      aliases[name] = is_id ? model : "";
    else if (!model.empty())
      reader.faults().add(value.place, "'" + model + "' is no model's id: those begin with " + kModelPrefix + "; " +
                                           kDefaultModelWord + " is the default model");
  }
  return aliases;
}

void check_preload(const Config& config, bool must_exist, Faults& faults) {
  check_counts(config, faults);
  if (must_exist) check_exist(config, faults);
}

}  // namespace alice
