#include "server/config/fault_places.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>
#include <utility>

namespace alice {
namespace {

void add_keys(const ConfigNode& node, const std::string& key, std::map<std::string, std::string>& keys) {
  if (node.kind != ConfigNode::Kind::map && !key.empty()) keys.emplace(node.place, key);
  for (const ConfigNode& item : node.items) add_keys(item, key, keys);
  for (const ConfigNode::Member& member : node.members)
    add_keys(member.value, key.empty() ? member.key : key + "." + member.key, keys);
}

/// A place in a file, taken apart; a place elsewhere is all source.
struct Position {
  std::string source;
  int64_t line = 0, column = 0;
};

bool read_number(const std::string& text, int64_t& number) {
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && status == std::errc() && end == text.data() + text.size();
}

Position position_of(const std::string& place) {
  Position position{place};
  const size_t column = place.rfind(':');
  if (column == place.npos || column == 0) return position;
  const size_t line = place.rfind(':', column - 1);
  if (line == place.npos) return position;
  if (read_number(place.substr(column + 1), position.column) &&
      read_number(place.substr(line + 1, column - line - 1), position.line))
    position.source = place.substr(0, line);
  return position;
}

bool begins_with_word(const std::string& text, const std::string& word) {
  return text.compare(0, word.size(), word) == 0 && (text.size() == word.size() || text[word.size()] == ' ');
}

/// "default_steps must be ..." at generation.default_steps needs its section alone.
std::string with_key(const std::string& sentence, const std::string& key) {
  const size_t dot = key.rfind('.') + 1;  // npos + 1 is 0: no section
  if (begins_with_word(sentence, key)) return sentence;
  if (begins_with_word(sentence, key.substr(dot))) return key.substr(0, dot) + sentence;
  return sentence.find(key) != sentence.npos ? sentence : key + ": " + sentence;
}

}  // namespace

std::map<std::string, std::string> keys_by_place(const ConfigNode& root) {
  std::map<std::string, std::string> keys;
  add_keys(root, "", keys);
  return keys;
}

std::vector<Fault> in_order(const std::vector<Fault>& faults, const std::map<std::string, std::string>& keys) {
  std::vector<std::string> sources;
  std::vector<std::pair<std::tuple<int64_t, int64_t, int64_t>, Fault>> placed;
  for (const Fault& fault : faults) {
    const Position position = position_of(fault.place);
    const auto source = std::find(sources.begin(), sources.end(), position.source);
    const int64_t rank = source - sources.begin();
    if (source == sources.end()) sources.push_back(position.source);
    const auto key = keys.find(fault.place);
    placed.emplace_back(std::tuple(rank, position.line, position.column),
                        Fault{fault.place, key == keys.end() ? fault.sentence : with_key(fault.sentence, key->second)});
  }
  std::stable_sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Fault> out;
  std::set<std::pair<std::string, std::string>> told;
  for (auto& [order, fault] : placed)
    if (told.emplace(fault.place, fault.sentence).second) out.push_back(std::move(fault));
  return out;
}

}  // namespace alice
