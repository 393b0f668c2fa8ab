#include "server/config/section_reader.h"

#include <algorithm>

#include "core/base/nearest.h"
#include "server/config/quantity.h"

namespace alice {

namespace fs = std::filesystem;

bool SectionReader::is_map(const ConfigNode& node, const std::string& what) {
  if (node.kind == ConfigNode::Kind::map) return true;
  if (!node.is_null()) faults_.add(node.place, what + " must be a map of keys and values, got " + shown(node));
  return false;
}

bool SectionReader::is_map(const ConfigNode& node, const std::string& what, const std::vector<std::string>& allowed) {
  if (!is_map(node, what)) return false;
  for (const auto& [key, place, value] : node.members)
    if (!contains(allowed, key)) faults_.add(place, "'" + key + "' is no key of " + what + did_you_mean(key, allowed));
  return true;
}

std::string SectionReader::name_in(const ConfigNode& node, const std::string& what) {
  if (node.is_text() && node.scalar != "") return node.scalar.get<std::string>();
  faults_.add(node.place, what + " must be a string, got " + shown(node));
  return "";
}

fs::path SectionReader::path_in(const std::string& text) const {
  const bool from_home = text.compare(0, 2, "~/") == 0 && !folders_.home.empty();
  return (from_home ? folders_.home / text.substr(2) : base_ / text).lexically_normal();
}

std::vector<PlacedPath> SectionReader::plugins_in(const ConfigNode& node) {
  std::vector<PlacedPath> plugins;
  const auto add = [&](const ConfigNode& item) {
    const std::string name = name_in(item, "a plugin");
    if (!name.empty())
      plugins.push_back({name == "default" ? folders_.program / "plugins" : path_in(name), item.place});
  };
  if (node.kind == ConfigNode::Kind::map)
    faults_.add(node.place, "plugins must be a list of library files and folders, got a map");
  if (node.kind == ConfigNode::Kind::scalar) add(node);
  for (const ConfigNode& item : node.items) add(item);
  return plugins;
}

Json SectionReader::values_of(const ConfigNode& node, const std::vector<OptionSpec>& specs) {
  Json values = node.to_json();
  for (const OptionSpec& spec : specs) {
    const auto* member = node.find(spec.name);
    if (member == nullptr || !member->value.is_text() || !has_units(spec.unit)) continue;
    const auto quantity = read_quantity(member->value.scalar.get<std::string>(), spec.unit);
    if (quantity.has_value()) {
      values[spec.name] = *quantity;
      continue;
    }
    faults_.add(member->value.place, "must be " + quantity_example(spec.unit) + ", got " + shown(member->value));
    values.erase(spec.name);
  }
  return values;
}

std::vector<std::string> joined(std::vector<std::string> first, const std::vector<std::string>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace alice
