#pragma once
// The words of JSON Schema, for the two files that describe what is asked and what is answered.

#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"

namespace alice {

Json schema_of(const char* type, const char* description = "");
/// The same, or null.
Json perhaps(const char* type, const char* description = "");
Json list_of(const Json& items, const char* description = "");
/// One of these words.
Json word_of(const std::vector<std::string>& words, const char* description = "");
/// "#/components/schemas/<name>".
Json reference_to(const std::string& name);
/// That, or null.
Json perhaps_reference(const std::string& name);

/// An object whose members are all there, but for those that `optional` names.
Json object_of(const std::vector<std::pair<std::string, Json>>& members, const std::vector<std::string>& optional = {},
               const char* description = "");

}  // namespace alice
