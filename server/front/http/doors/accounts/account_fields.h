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

/// What a table cannot tell. Faults go to place("name"), where the client wrote that field.
template <class T>
using FieldCheck = void (*)(const T& read, const PlaceOf& place, Faults& faults);

/// Throws ApiError 400 with every fault, `check`'s where there is no other; null means absent.
template <class T>
T read_account_fields(const Json& body, const OptionTable<T>& table, const std::vector<std::string>& required,
                      FieldCheck<T> check = nullptr) {
  Faults faults;
  DoorFields fields;
  sort_fields(body, "", rules_of(table), fields, faults);
  T read = table.read(fields.door, UnknownKeys::pass_over, fields.place_of(), faults);
  for (const std::string& name : required)
    if (!fields.door.contains(name)) faults.add("/" + name, "is missing");
  if (check != nullptr && faults.empty()) check(read, fields.place_of(), faults);
  fields.throw_if_any(faults);
  return read;
}

/// Of a name, or a password, that is to be.
void check_account_name(const std::string& name, const std::string& place, Faults& faults);
void check_new_password(const std::string& password, const std::string& place, Faults& faults);

template <class T>
Json account_schema(const OptionTable<T>& table, const std::vector<std::string>& required) {
  return request_schema(rules_of(table), option_schemas(table), required);
}

}  // namespace alice::accounts_door
