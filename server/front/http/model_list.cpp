#include "server/front/http/model_list.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <initializer_list>

#include "server/config/server_config.h"
#include "server/front/model_choice.h"

namespace alice {
namespace {

constexpr int kFewExamples = 8;  // of each model in the list; the model's own entry has all
constexpr double kMegabyte = 1024.0 * 1024.0;

std::string name_of(const std::string& id) { return id.substr(id.rfind('/') + 1); }
std::string without_kind(const std::string& id) { return id.substr(id.find('/') + 1); }

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

/// To a hundredth: more says nothing.
double megabytes(const Json& described) {
  constexpr double kHundredth = 100;
  return std::round(described.value("bytes", 0.0) / kMegabyte * kHundredth) / kHundredth;
}

/// What was described under one of `names`, as it was.
void copy_members(const Json& described, std::initializer_list<const char*> names, Json& entry) {
  for (const char* name : names)
    if (const auto found = described.find(name); found != described.end()) entry[name] = *found;
}

/// What a model is for: from its card, else from whoever made its files.
std::string purpose_of(const Json& model) {
  for (const char* source : {"card", "note", "description"})
    if (const std::string text = model.value(source, ""); !text.empty()) return text;
  return "";
}

std::string group_of(const Json& model) { return model.value("group", kDefaultGroup); }

Json entry_of(const Json& model, const ServerState& state) {
  const std::string id = id_of(model);
  Json entry = {{"id", id},
                {"object", "model"},
                {"created", model.value("created", int64_t{0})},
                {"owned_by", "alice"},
                {"ownedBy", "alice"},  // ALICE's own spelling; clients of both are common
                {"name", name_of(id)},
                {"description", purpose_of(model)},
                {"architecture", model.value("description", "")},
                {"size_mb", megabytes(model)},
                {"available", is_available(model)},
                {"group", group_of(model)},
                {"state", word_of(group_of(model), state.groups)}};
  copy_members(model, {"unavailable", "size_multiple", "max_pixels", "defaults", "examples"}, entry);
  if (model.contains("native_width") && model.contains("native_height"))
    entry["native_size"] = dump_json(model["native_width"]) + "x" + dump_json(model["native_height"]);
  return entry;
}

Json lora_entry(const Json& lora) {
  Json entry = {{"id", id_of(lora)},
                {"object", "lora"},
                {"name", name_of(id_of(lora))},
                {"created", lora.value("created", int64_t{0})},
                {"size_mb", megabytes(lora)},
                {"sizeMb", megabytes(lora)},  // the original ALICE's spelling
                {"baseModel", lora.value("base_model", Json())}};
  copy_members(lora, {"trigger_words", "base_model"}, entry);
  return entry;
}

/// Those that the configuration names, and those that were found.
std::vector<std::string> models_served_by(const GroupState& group, const ServerState& state) {
  std::vector<std::string> ids = group.models;
  for (const Json& model : models_of(state.description))
    if (group_of(model) == group.name && std::find(ids.begin(), ids.end(), id_of(model)) == ids.end())
      ids.push_back(id_of(model));
  return ids;
}

}  // namespace

Json list_models(const ServerState& state) {
  Json data = Json::array();
  for (const Json& model : models_of(state.description)) {
    data.push_back(entry_of(model, state));
    Json& examples = data.back()["examples"];
    if (examples.size() > static_cast<size_t>(kFewExamples))
      examples.erase(examples.begin() + kFewExamples, examples.end());
    if (examples.is_null()) data.back().erase("examples");
  }
  return {{"object", "list"}, {"data", data}};
}

Json find_model(const ServerState& state, const std::string& name) {
  for (const Json& model : models_of(state.description))
    if (id_of(model) == name || without_kind(id_of(model)) == name) return entry_of(model, state);
  return nullptr;
}

Json described_model(const ServerState& state, const std::string& name) {
  try {
    const std::string id = choose_model(name, state.default_model, state.description);
    for (const Json& model : models_of(state.description))
      if (id_of(model) == id) return model;
  } catch (const Error&) {  // whoever takes the request says it
  }
  return nullptr;
}

Json list_loras(const ServerState& state) {
  Json data = Json::array();
  for (const Json& lora : state.description.value("loras", Json::array())) data.push_back(lora_entry(lora));
  return {{"object", "list"}, {"data", data}};
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
                {"queued", group.queued},        {"deaths", group.deaths},    {"models", models_served_by(group, state)}};
    if (!group.trouble.empty()) one["trouble"] = group.trouble;
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace alice
