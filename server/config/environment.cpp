#include "server/config/environment.h"

#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "core/base/nearest.h"
#include "server/config/alice_dialect.h"
#include "server/config/yaml_scalar.h"

namespace alice {
namespace {

constexpr const char* kPrefix = "ALICE_";

enum class Form {
  text,    ///< whatever it looks like
  scalar,  ///< a number or a boolean, as YAML reads it
  list     ///< texts with commas between
};

struct Setting {
  const char* variable;
  const char* section;
  const char* key;
  Form form;
};

constexpr Setting kSettings[] = {
    {"ALICE_HOST", "server", "host", Form::text},
    {"ALICE_PORT", "server", "port", Form::scalar},
    {"ALICE_CORS_ORIGINS", "server", "cors_origins", Form::list},
    {"ALICE_DATA_DIR", "storage", "data_directory", Form::text},
    {"ALICE_MODELS_DIR", "models", "directory", Form::text},
    {"ALICE_BACKEND", "generation", "backend", Form::text},
    {"ALICE_THREADS", "generation", "threads", Form::scalar},
    {"ALICE_CANCEL_ON_DISCONNECT", "generation", "cancel_on_disconnect", Form::scalar},
    {"ALICE_LOG_LEVEL", "logging", "level", Form::text},
    {"ALICE_LOG_FILE", "logging", "file", Form::text},
    {"ALICE_LOG_FORMAT", "logging", "format", Form::text},
};

std::string stripped(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t"), end = text.find_last_not_of(" \t");
  return begin == text.npos ? "" : text.substr(begin, end - begin + 1);
}

ConfigNode list_node(const std::string& text, const std::string& place) {
  ConfigNode list;
  list.kind = ConfigNode::Kind::list;
  list.place = place;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');)
    if (!stripped(word).empty()) list.items.push_back(text_node(stripped(word), place));
  return list;
}

ConfigNode value_of(const Setting& setting, const std::string& text) {
  if (setting.form == Form::list) return list_node(text, setting.variable);
  ConfigNode value = text_node(text, setting.variable);
  if (setting.form == Form::scalar) value.scalar = read_yaml_scalar(text);
  return value;
}

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
    section_of(root, setting.section, setting.variable)
        .members.push_back({setting.key, setting.variable, value_of(setting, text)});
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
