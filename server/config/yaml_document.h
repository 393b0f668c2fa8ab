#pragma once
// YAML 1.2 text to a ConfigNode. The only user of yaml-cpp.
//
// Scalars take their types by YAML's core schema (YAML 1.2.2, section 10.3): quoted ones are strings, and so are yes,
// no, on and off. What yaml-cpp would let pass in silence is a fault here: a key that stands twice, a quote that is
// never closed, a second document. Aliases, merge keys and all tags but !!str, !!seq and !!map are refused, so a small
// text cannot become a large tree.

#include <string>

#include "server/config/config_node.h"

namespace alice {

constexpr int kDeepestConfig = 32;

/// `text` as clean_config_text() gives it; `name` names it in places. Empty text is null. Faults are added; a text that
/// is no YAML at all adds one and gives null. Any thread.
ConfigNode parse_yaml(const std::string& text, const std::string& name, Faults& faults);

}  // namespace alice
