#include <algorithm>
#include <iostream>

#include "core/api/backend.h"
#include "core/api/scheduler.h"
#include "core/base/generation_defaults.h"
#include "core/host/scheduler_choice.h"
#include "server/worker/commands.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrompt = "a cat";
constexpr int64_t kSeed = 7;

const PluginRecord& record_of(const Registry& registry, const std::string& library) {
  std::error_code status;
  const auto& plugins = registry.plugins();
  const auto found = std::find_if(plugins.begin(), plugins.end(), [&](const PluginRecord& plugin) {
    return fs::equivalent(plugin.file, library, status);
  });
  if (found == plugins.end()) throw Error(ErrorCode::not_found, library, "is not loaded");
  if (!found->refused.empty()) throw Error(ErrorCode::unsupported, library, found->refused);
  return *found;
}

/// Those of a kind that the library brought.
template <class F>
std::vector<std::string> own_ids(const Registry& registry, const PluginRecord& library) {
  std::vector<std::string> ids;
  for (const F* factory : registry.of<F>().all())
    if (&registry.plugin_of(*factory) == &library) ids.push_back(factory->info().id);
  return ids;
}

/// `usual`, the name of the factory `id`, or where that is the library's own, the first that is not; then the
/// library's.
template <class F>
std::vector<Json> known_and_own(const Factories<F>& list, const std::string& usual, const std::string& id,
                                const std::vector<std::string>& own) {
  const auto is_own = [&](const std::string& one) { return std::count(own.begin(), own.end(), one) > 0; };
  std::vector<Json> names;
  if (!is_own(id)) names.push_back(usual);
  for (const F* factory : list.all())
    if (names.empty() && !is_own(factory->info().id)) names.push_back(factory->info().id);
  names.insert(names.end(), own.begin(), own.end());
  return names;
}

/// Half as many steps as usual, as many, and twice as many, against a picture of many more.
void compare_steps(const Blueprint& plan, const HostConfig& host, CompareOptions& compare) {
  constexpr int64_t kMany = 8, kMost = 1000;  // models have so many training steps
  const GenerateRequest general = with_defaults(host.defaults, built_in_defaults());
  const int64_t few = std::max<int64_t>(2, *with_defaults(plan.config.defaults, general).steps);
  compare.axes.push_back({"steps", {few / 2, few, 2 * few}});
  compare.reference = CompareOptions::Reference::steps;
  compare.reference_steps = std::min(kMany * few, kMost);
}

/// Computes every model with the backend of that name.
HostConfig with_backend(HostConfig host, const std::string& name) {
  for (auto& [id, model] : host.models) model.backend.clear();
  host.default_backend = name;
  host.backends.insert({name, {name, nullptr, json_places("")}});
  return host;
}

}  // namespace

int run_plugin_draw(const HostConfig& host, const std::shared_ptr<const Registry>& registry, const OnLoaded& on_loaded,
                    CommandLine line) {
  const PluginRecord& library = record_of(*registry, line.target);
  if (line.request.prompt.empty()) line.request.prompt = kPrompt;
  line.request.seed = kSeed;
  Composer composer(host, registry, on_loaded);
  const auto plan = composer.blueprint(line.request.model, /*paths_allowed=*/true);
  if (const auto own = own_ids<SchedulerFactory>(*registry, library); !own.empty()) {
    const std::string usual = default_scheduler(*registry, plan->scheduler).name;
    const auto schedulers = registry->of<SchedulerFactory>();
    const std::string id = schedulers.get(usual, "scheduler", ErrorCode::internal).factory->info().id;
    line.compare.axes = {{"scheduler", known_and_own(schedulers, id, id, own)}};
    compare_steps(*plan, host, line.compare);
    return run_compare({host}, registry, on_loaded, line);
  }
  if (const auto own = own_ids<BackendFactory>(*registry, library); !own.empty()) {
    const auto names = known_and_own(registry->of<BackendFactory>(), plan->backend.name,
                                     plan->backend.factory->info().id, own);
    line.compare.axes = {{kBackendAxis, names}};
    std::vector<HostConfig> hosts;
    for (const Json& name : names) hosts.push_back(with_backend(host, name.get<std::string>()));
    return run_compare(std::move(hosts), registry, on_loaded, line);
  }
  std::cout << library.factories.front()
            << " draws nothing by itself: it needs files that are for it, as the project's README.md says\n";
  return kExitOk;
}

}  // namespace alice
