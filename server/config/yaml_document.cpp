#include "server/config/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string_view>
#include <utility>

#include "server/config/yaml_scalar.h"

namespace alice {
namespace {

constexpr const char* kPlainTag = "?";
constexpr const char* kQuotedTag = "!";
constexpr const char* kStringTag = "tag:yaml.org,2002:str";

/// Stops the parser where going on makes no sense; the fault has been added.
struct Stop {};

/// Builds the tree from yaml-cpp's events. yaml-cpp's own Node is not used: it drops repeated keys and shares aliases.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& text, const std::string& name, Faults& faults)
      : text_(text), name_(name), faults_(faults) {}

  ConfigNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (seen_document_) stop(mark, "a second document begins here; a configuration is one");
    seen_document_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(node(mark)); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    stop(mark, "aliases (*name) are not read in a configuration; write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    if (tag != kPlainTag) check_closed(mark);
    if (value.find('\0') != value.npos) stop(mark, "the text has a zero byte (\\0) in it");
    check_tag(mark, tag, {kPlainTag, kQuotedTag, kStringTag});
    ConfigNode scalar = node(mark);
    scalar.scalar = tag == kPlainTag && !expects_key() ? read_yaml_scalar(value) : Json(value);
    add(std::move(scalar));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag, {"", kPlainTag, kQuotedTag, "tag:yaml.org,2002:seq"});
    open(mark, ConfigNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    check_tag(mark, tag, {"", kPlainTag, kQuotedTag, "tag:yaml.org,2002:map"});
    open(mark, ConfigNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  /// A list or map that is not closed yet, and the key whose value comes next.
  struct Open {
    ConfigNode node;
    bool has_key = false;
    std::string key, key_place;
    std::map<std::string, std::string> keys;  // of the map so far, and where each stands
  };

  std::string place(const YAML::Mark& mark) const {
    return name_ + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
  }

  ConfigNode node(const YAML::Mark& mark) const {
    ConfigNode out;
    out.place = place(mark);
    return out;
  }

  [[noreturn]] void stop(const YAML::Mark& mark, const std::string& sentence) {
    faults_.add(place(mark), sentence);
    throw Stop{};
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag, std::initializer_list<std::string_view> known) {
    if (std::find(known.begin(), known.end(), tag) == known.end())
      stop(mark, "the tag " + tag + " is not read in a configuration; write the value without a tag");
  }

  /// yaml-cpp ends a quoted scalar at the end of the text without a word; the keys that it has swallowed would be lost.
  void check_closed(const YAML::Mark& mark) {
    size_t at = static_cast<size_t>(std::max(mark.pos, 0));
    while (at < text_.size() && (text_[at] == '&' || text_[at] == '!')) {  // an anchor or a tag stands before the quote
      at = std::min(text_.find_first_of(" \t\n", at), text_.size());
      at = std::min(text_.find_first_not_of(" \t\n", at), text_.size());
    }
    if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\'')) return;  // a block scalar
    const char quote = text_[at];
    for (++at; at < text_.size(); ++at) {
      if (quote == '"' && text_[at] == '\\')
        ++at;
      else if (quote == '\'' && text_.compare(at, 2, "''") == 0)
        ++at;
      else if (text_[at] == quote)
        return;
    }
    stop(mark, "the quote that opens here is never closed");
  }

  bool expects_key() const {
    return !open_.empty() && open_.back().node.kind == ConfigNode::Kind::map && !open_.back().has_key;
  }

  void open(const YAML::Mark& mark, ConfigNode::Kind kind) {
    if (expects_key()) stop(mark, "a key must be a plain word, not a list or a map");
    if (open_.size() >= kDeepestConfig) stop(mark, "nested deeper than " + std::to_string(kDeepestConfig) + " levels");
    Open next;
    next.node = node(mark);
    next.node.kind = kind;
    open_.push_back(std::move(next));
  }

  void close() {
    ConfigNode done = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(done));
  }

  void add(ConfigNode value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().node.kind == ConfigNode::Kind::list) {
      open_.back().node.items.push_back(std::move(value));
    } else if (expects_key()) {
      start_member(value);
    } else {
      end_member(std::move(value));
    }
  }

  void start_member(const ConfigNode& key) {
    Open& map = open_.back();
    map.has_key = true;
    map.key = key.is_text() ? key.scalar.get<std::string>() : "";
    map.key_place = key.place;
    if (map.key == "<<") faults_.add(key.place, "merge keys (<<) are no part of YAML 1.2; write the keys out");
  }

  void end_member(ConfigNode value) {
    Open& map = open_.back();
    map.has_key = false;
    const auto [first, is_new] = map.keys.emplace(map.key, map.key_place);
    if (is_new)
      map.node.members.push_back({map.key, map.key_place, std::move(value)});
    else
      faults_.add(map.key_place, "'" + map.key + "' stands twice; the first is at " + first->second);
  }

  const std::string& text_;
  const std::string& name_;
  Faults& faults_;
  std::vector<Open> open_;
  ConfigNode root_;
  bool seen_document_ = false;
};

/// " (...)" when the line of `mark` is indented with tabs, which YAML forbids and yaml-cpp reports in other words.
std::string tab_hint(const std::string& text, const YAML::Mark& mark) {
  std::istringstream lines(text);
  std::string line;
  for (int i = 0; i <= mark.line && std::getline(lines, line); ++i) {
  }
  const size_t indent = std::min(line.find_first_not_of(" \t"), line.size());
  return line.substr(0, indent).find('\t') == line.npos ? "" : " (the line is indented with a tab; YAML wants blanks)";
}

}  // namespace

ConfigNode parse_yaml(const std::string& text, const std::string& name, Faults& faults) {
  TreeBuilder builder(text, name, faults);
  std::istringstream in(text);
  try {
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take_root();
  } catch (const Stop&) {
    return {};
  } catch (const YAML::Exception& e) {
    const bool placed = !e.mark.is_null();
    const std::string place =
        placed ? name + ":" + std::to_string(e.mark.line + 1) + ":" + std::to_string(e.mark.column + 1) : name;
    faults.add(place, "is no valid YAML: " + e.msg + (placed ? tab_hint(text, e.mark) : ""));
    return {};
  }
}

}  // namespace alice
