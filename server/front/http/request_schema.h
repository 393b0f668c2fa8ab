#pragma once
// What front doors take, as JSON Schema (2020-12, which OpenAPI 3.1 uses): made from the tables that check requests.

#include <vector>

#include "core/base/json.h"
#include "server/front/http/door_fields.h"

namespace alice {

/// {"type", "description", "minimum", "maximum", "enum", "default", "items"} of an option, as OptionSpec::to_json() has
/// it. What does not apply is left out.
Json option_schema(const Json& spec);

/// The object that a door takes. A field of GenerateRequest has its option's schema; a field of the door has the one
/// that `door` gives it by name; what is without effect says so; what is refused is left out. Schemas that depend on
/// models and plugins are references to components: ModelId, Scheduler, SchedulerOptions.
Json request_schema(const std::vector<FieldRule>& rules, const Json& door, const std::vector<std::string>& required);

/// The same as the parts of a form: `files` are files, and all of it may stand in the part "request".
Json form_schema(const Json& request, const std::vector<std::string>& files);

/// name -> schema of each option of a table.
template <class T>
Json option_schemas(const OptionTable<T>& table) {
  Json out = Json::object();
  for (const OptionSpec& spec : table.specs()) out[spec.name] = option_schema(spec.to_json());
  return out;
}

}  // namespace alice
