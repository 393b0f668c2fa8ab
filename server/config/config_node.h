#pragma once
// A configuration as it was written: values, the order of their keys, and where each stands. Files, environment
// variables and the command line all become this before anything is read from them.

#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/options.h"

namespace alice {

/// One value. A plain tree that owns its parts; at most kDeepestConfig levels when it came from a file.
struct ConfigNode {
  enum class Kind { scalar, list, map };
  struct Member;

  Kind kind = Kind::scalar;
  Json scalar;  ///< null, boolean, number or string; numbers without end as parse_json's words
  std::vector<ConfigNode> items;
  std::vector<Member> members;  ///< in the order written; no key stands twice
  std::string place;            ///< "config.yaml:14:7", "ALICE_THREADS", "--models"

  bool is_null() const { return kind == Kind::scalar && scalar.is_null(); }
  bool is_text() const { return kind == Kind::scalar && scalar.is_string(); }
  /// Of a map; null when there is none.
  const Member* find(const std::string& key) const;
  Json to_json() const;
  /// The places of a map's values; place("") is the map's own. The result needs this node no more.
  PlaceOf value_places() const;
  /// The places of a map's keys; place("") is the map's own. The result needs this node no more.
  PlaceOf key_places() const;
};

struct ConfigNode::Member {
  std::string key;
  std::string place;  ///< of the key
  ConfigNode value;
};

/// `text` at `place`.
ConfigNode text_node(std::string text, std::string place);

/// The value for messages, cut to a readable length.
std::string shown(const ConfigNode& node);

}  // namespace alice
