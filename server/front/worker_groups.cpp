#include "server/front/worker_groups.h"

#include <algorithm>

namespace alice {
namespace {

/// Adds what `group` has to what others have: one entry for what is the same in several.
void add_shared(const Json& entries, const std::string& group, Json& list) {
  for (Json entry : entries) {
    const auto known = std::find_if(list.begin(), list.end(), [&](Json other) {
      other.erase("groups");
      return other == entry;
    });
    if (known != list.end()) {
      (*known)["groups"].push_back(group);
      continue;
    }
    entry["groups"] = Json::array({group});
    list.push_back(std::move(entry));
  }
}

/// Every member of `lists` is a list.
void add_lists(const Json& lists, const std::string& group, Json& all) {
  for (const auto& [name, entries] : lists.items()) {
    Json& list = all[name];
    if (list.is_null()) list = Json::array();
    add_shared(entries, group, list);
  }
}

/// A list of libraries, and of each kind's factories.
void add_plugins(Json plugins, const std::string& group, Json& all) {
  if (plugins.contains("kinds")) add_lists(plugins["kinds"], group, all["kinds"]);
  plugins.erase("kinds");
  add_lists(plugins, group, all);
}

}  // namespace

WorkerGroups::WorkerGroups(boost::asio::io_context& io, const std::vector<WorkerGroupSettings>& settings,
                           GroupListener& listener) {
  for (const WorkerGroupSettings& one : settings) groups_.push_back(std::make_unique<WorkerGroup>(io, one, listener));
}

WorkerGroup& WorkerGroups::serving(const std::string& model) const {
  for (const auto& group : groups_)
    if (group->names(model)) return *group;
  return default_group();
}

WorkerGroup* WorkerGroups::with_waiting(const std::string& job) const {
  for (const auto& group : groups_)
    if (group->queue().position(job).has_value()) return group.get();
  return nullptr;
}

int64_t WorkerGroups::queued() const {
  int64_t sum = 0;
  for (const auto& group : groups_) sum += group->queue().size();
  return sum;
}

int64_t WorkerGroups::ready() const {
  size_t sum = 0;
  for (const auto& group : groups_) sum += group->pool().ready();
  return static_cast<int64_t>(sum);
}

std::vector<GroupState> WorkerGroups::states() const {
  std::vector<GroupState> states;
  for (const auto& group : groups_) states.push_back(group->state());
  return states;
}

Json WorkerGroups::description() const {
  Json all = Json::object(), models = Json::array(), plugins = Json::object();
  for (const auto& group : groups_) {
    const Json& own = group->description();
    for (const auto& [key, value] : own.items())
      if (!all.contains(key)) all[key] = value;
    for (Json model : own.value("models", Json::array())) {
      if (&serving(model.value("id", "")) != group.get()) continue;
      model["group"] = group->name();
      models.push_back(std::move(model));
    }
    add_plugins(own.value("plugins", Json::object()), group->name(), plugins);
  }
  if (all.empty()) return all;
  all["models"] = std::move(models);
  all["plugins"] = std::move(plugins);
  return all;
}

}  // namespace alice
