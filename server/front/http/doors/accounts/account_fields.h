#pragma once
// The bodies of /v1/auth: JSON objects with fields of an OptionTable each, in both spellings ("is_admin", "isAdmin").

#include <string>
#include <vector>

#include "server/front/http/door_fields.h"
#include "server/front/http/request_schema.h"

namespace alice::accounts_door {

template <class T>
std::vector<FieldRule> rules_of(const OptionTable<T>& table) {
  std::vector<FieldRule> rules;
  for (const OptionSpec& spec : table.specs()) rules.push_back({spec.name, FieldUse::door});
  return in_both_spellings(rules);
}

/// Throws ApiError 400 with every fault; null means absent.
template <class T>
T read_account_fields(const Json& body, const OptionTable<T>& table, const std::vector<std::string>& required) {
  Faults faults;
  DoorFields fields;
  sort_fields(body, "", rules_of(table), fields, faults);
  T read = table.read(fields.door, UnknownKeys::pass_over, fields.place_of(), faults);
  for (const std::string& name : required)
    if (!fields.door.contains(name)) faults.add("/" + name, "is missing");
  fields.throw_if_any(faults);
  return read;
}

template <class T>
Json account_schema(const OptionTable<T>& table, const std::vector<std::string>& required) {
  return request_schema(rules_of(table), option_schemas(table), required);
}

}  // namespace alice::accounts_door
