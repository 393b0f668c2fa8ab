#include "server/front/http/model_list.h"

#include <chrono>

#include "server/config/server_config.h"

namespace alice {
namespace {

constexpr double kMegabyte = 1024.0 * 1024.0;

std::string name_of(const std::string& id) { return id.substr(id.rfind('/') + 1); }

Json models_of(const Json& description) {
  const auto found = description.find("models");
  return found != description.end() && found->is_array() ? *found : Json::array();
}

std::string id_of(const Json& model) { return model.value("id", ""); }
bool is_available(const Json& model) { return model.value("available", false); }

/// "starting" for a group that nobody knows.
const char* word_of(const std::string& name, const std::vector<GroupState>& groups) {
  for (const GroupState& group : groups)
    if (group.name == name) return word_of(group);
  return word_of(GroupState{});
}

Json entry_of(const Json& model, const ServerState& state) {
  const std::string group = model.value("group", kDefaultGroup);
  const std::string id = id_of(model);
  Json entry = {{"id", id},
                {"object", "model"},
                {"created", model.value("created", int64_t{0})},
                {"owned_by", "alice"},
                {"ownedBy", "alice"},  // ALICE's own spelling; clients of both are common
                {"name", name_of(id)},
                {"description", model.value("description", "")},
                {"size_mb", model.value("bytes", 0.0) / kMegabyte},
                {"available", is_available(model)},
                {"group", group},
                {"state", word_of(group, state.groups)}};
  if (const auto why = model.find("unavailable"); why != model.end()) entry["unavailable"] = *why;
  return entry;
}

}  // namespace

Json list_models(const ServerState& state) {
  Json data = Json::array();
  for (const Json& model : models_of(state.description)) data.push_back(entry_of(model, state));
  return {{"object", "list"}, {"data", data}};
}

Json find_model(const ServerState& state, const std::string& id) {
  for (const Json& model : models_of(state.description))
    if (id_of(model) == id) return entry_of(model, state);
  return nullptr;
}

int64_t count_models(const Json& description) {
  int64_t count = 0;
  for (const Json& model : models_of(description)) count += is_available(model) ? 1 : 0;
  return count;
}

const char* word_of(const GroupState& group) {
  const auto now = std::chrono::steady_clock::now();
  if (group.rests_until.has_value() && now < *group.rests_until) return "resting";
  return group.ready > 0 ? "ready" : "starting";
}

Json list_groups(const ServerState& state) {
  Json list = Json::array();
  for (const GroupState& group : state.groups) {
    Json one = {{"group", group.name},           {"state", word_of(group)},   {"workers", group.workers},
                {"ready", group.ready},          {"busy", group.busy},        {"preloading", group.preloading},
                {"queued", group.queued},        {"deaths", group.deaths},    {"models", group.models}};
    if (!group.trouble.empty()) one["trouble"] = group.trouble;
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace alice
