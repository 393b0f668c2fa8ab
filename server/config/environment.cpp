#include "server/config/environment.h"

#include <unistd.h>

#include <algorithm>

#include "core/base/nearest.h"
#include "server/config/alice_dialect.h"
#include "server/config/yaml_scalar.h"

namespace alice {
namespace {

constexpr const char* kPrefix = "ALICE_";

struct Setting {
  const char* variable;
  const char* section;
  const char* key;
  bool is_number;  ///< else the value is text, whatever it looks like
};

constexpr Setting kSettings[] = {
    {"ALICE_MODELS_DIR", "models", "directory", false}, {"ALICE_BACKEND", "generation", "backend", false},
    {"ALICE_THREADS", "generation", "threads", true},   {"ALICE_LOG_LEVEL", "logging", "level", false},
    {"ALICE_LOG_FILE", "logging", "file", false},
};

/// The map under `key` of `map`, made when it is not there.
ConfigNode& section_of(ConfigNode& map, const std::string& key, const std::string& place) {
  for (auto& member : map.members)
    if (member.key == key) return member.value;
  ConfigNode section;
  section.kind = ConfigNode::Kind::map;
  section.place = place;
  map.members.push_back({key, place, std::move(section)});
  return map.members.back().value;
}

std::vector<std::string> known_variables() {
  std::vector<std::string> names = {kConfigVariable};
  for (const Setting& setting : kSettings) names.push_back(setting.variable);
  return names;
}

}  // namespace

Environment process_environment() {
  Environment out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != text.npos && equals + 1 < text.size()) out[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return out;
}

std::string variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

std::vector<std::string> set_variables(const Environment& environment) {
  std::vector<std::string> names;
  for (const Setting& setting : kSettings)
    if (!variable(environment, setting.variable).empty()) names.push_back(setting.variable);
  return names;
}

ConfigNode environment_settings(const Environment& environment) {
  ConfigNode root;
  root.kind = ConfigNode::Kind::map;
  for (const Setting& setting : kSettings) {
    const std::string text = variable(environment, setting.variable);
    if (text.empty()) continue;
    ConfigNode value = text_node(text, setting.variable);
    if (setting.is_number) value.scalar = read_yaml_scalar(text);
    section_of(root, setting.section, setting.variable)
        .members.push_back({setting.key, setting.variable, std::move(value)});
  }
  return root;
}

std::vector<Fault> unread_variables(const Environment& environment) {
  const auto known = known_variables();
  std::vector<Fault> warnings;
  for (const auto& [name, value] : environment) {
    if (value.empty() || name.compare(0, 6, kPrefix) != 0 || std::find(known.begin(), known.end(), name) != known.end())
      continue;
    const std::string theirs = alice_variable_warning(name);
    warnings.push_back({name, theirs.empty() ? "no such variable is read" + did_you_mean(name, known) : theirs});
  }
  return warnings;
}

}  // namespace alice
