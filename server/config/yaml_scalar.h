#pragma once
// What an unquoted YAML word is.

#include <string_view>

#include "core/base/json.h"

namespace alice {

/// Null, a boolean, an integer, a number or text, by the core schema (YAML 1.2.2, section 10.3). Numbers without end
/// are parse_json's words; one that its type cannot hold, such as 1e999, stays text. Never throws for any text.
Json read_yaml_scalar(std::string_view text);

}  // namespace alice
