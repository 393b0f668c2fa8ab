#include "server/config/config_node.h"

#include <map>
#include <utility>

namespace alice {
namespace {

PlaceOf lookup(std::map<std::string, std::string> places, std::string own) {
  return [places = std::move(places), own = std::move(own)](const std::string& name) {
    const auto found = places.find(name);
    return found == places.end() ? own : found->second;
  };
}

}  // namespace

const ConfigNode::Member* ConfigNode::find(const std::string& key) const {
  for (const Member& member : members)
    if (member.key == key) return &member;
  return nullptr;
}

Json ConfigNode::to_json() const {
  if (kind == Kind::scalar) return scalar;
  Json out = kind == Kind::list ? Json::array() : Json::object();
  for (const ConfigNode& item : items) out.push_back(item.to_json());
  for (const Member& member : members) out[member.key] = member.value.to_json();
  return out;
}

PlaceOf ConfigNode::value_places() const {
  std::map<std::string, std::string> places;
  for (const Member& member : members) places[member.key] = member.value.place;
  return lookup(std::move(places), place);
}

PlaceOf ConfigNode::key_places() const {
  std::map<std::string, std::string> places;
  for (const Member& member : members) places[member.key] = member.place;
  return lookup(std::move(places), place);
}

ConfigNode text_node(std::string text, std::string place) {
  ConfigNode node;
  node.scalar = std::move(text);
  node.place = std::move(place);
  return node;
}

std::string shown(const ConfigNode& node) {
  if (node.kind == ConfigNode::Kind::list) return "a list";
  if (node.kind == ConfigNode::Kind::map) return "a map";
  constexpr size_t kLongest = 80;
  const std::string text = dump_json(node.scalar);
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "...";
}

}  // namespace alice
