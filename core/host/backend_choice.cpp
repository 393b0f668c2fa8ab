#include "core/host/backend_choice.h"

#include <exception>
#include <optional>

#include "core/api/quickness.h"
#include "core/base/nearest.h"

namespace alice {
namespace {

constexpr const char* kHalf = "bfloat16";
/// From 40 dB on two 8-bit pictures are hard to tell apart side by side.
constexpr double kLeastLikeness = 40;

BackendChoice named_backend(const Registry& registry, const HostConfig& config, const std::string& name,
                            const std::string& place) {
  const auto found = config.backends.find(name);
  if (found == config.backends.end()) {
    std::vector<std::string> names;
    for (const auto& backend : config.backends) names.push_back(backend.first);
    throw Error(ErrorCode::bad_config, place, "there is no backend '" + name + "'" + did_you_mean(name, names));
  }
  const BackendConfig& backend = found->second;
  const auto plugin = registry.of<BackendFactory>().get(backend.plugin, backend.place(""), ErrorCode::bad_config);
  BackendChoice choice;
  choice.name = name;
  choice.factory = plugin.factory;
  choice.options = {{plugin.options, UnknownKeys::fault, json_places("alias " + backend.plugin)},
                    {backend.options, UnknownKeys::fault, backend.place}};
  choice.key = name + "|" + backend.plugin + "|" + dump_json(backend.options);
  choice.why = name;
  choice.origin = place;
  return choice;
}

/// How quick the backend is that `factory` makes without options; nothing when it makes none here, for which `fault`
/// then is the reason.
std::optional<double> quickness_of(const BackendFactory& factory, std::exception_ptr& fault) {
  try {
    const auto backend = factory.create({});
    const auto* stated = static_cast<const Quickness*>(backend->extension(kQuickness));
    return stated ? stated->times : 1;
  } catch (...) {
    fault = std::current_exception();
    return {};
  }
}

const BackendFactory& quickest(const Registry& registry) {
  const BackendFactory* best = nullptr;
  double times = 0;
  std::exception_ptr fault;
  for (const BackendFactory* factory : registry.of<BackendFactory>().all()) {
    const auto its = quickness_of(*factory, fault);
    if (!its || *its <= times) continue;
    best = factory;
    times = *its;
  }
  if (best) return *best;
  if (fault) std::rethrow_exception(fault);
  throw Error(ErrorCode::not_found, "plugins", "no backend plugin is loaded");
}

/// What a model's files say of the likeness of its pictures in bfloat16 to those in float32, in dB.
std::optional<double> likeness_in_half(const Json& losses) {
  const auto likeness = Json::json_pointer("/bfloat16/psnr_db");
  if (!losses.is_object() || !losses.contains(likeness) || !losses[likeness].is_number()) return {};
  return losses[likeness].get<double>();
}

bool can_be_made(const BackendChoice& choice) {
  try {
    choice.make();
    return true;
  } catch (const Error&) {
    return false;
  }
}

void take_precision(BackendChoice& choice, const Json& losses) {
  const auto likeness = likeness_in_half(losses);
  if (!likeness) {
    choice.why += ", in float32: the model's files state no loss in bfloat16";
    return;
  }
  const std::string stated = std::to_string(static_cast<int64_t>(*likeness)) + " dB";
  if (*likeness < kLeastLikeness) {
    choice.why += ", in float32: the model's files state a likeness of " + stated + " in bfloat16";
    return;
  }
  BackendChoice half = choice;
  half.options = {{Json{{"dtype", kHalf}}, UnknownKeys::fault, json_places("backend auto")}};
  if (!can_be_made(half)) {
    choice.why += ", in float32: it cannot compute in bfloat16 here";
    return;
  }
  choice = std::move(half);
  choice.key += std::string("|") + kHalf;
  choice.why += ", in bfloat16: the model's files state a likeness of " + stated + " to float32";
}

BackendChoice automatic_backend(const Registry& registry, const Json& losses) {
  BackendChoice choice;
  choice.factory = &quickest(registry);
  choice.name = choice.factory->info().id;
  choice.key = "auto|" + choice.name;
  choice.why = choice.name + " (auto: the quickest here)";
  choice.origin = "built-in";
  take_precision(choice, losses);
  return choice;
}

}  // namespace

BackendChoice choose_backend(const Registry& registry, const HostConfig& config, const std::string& name,
                             const std::string& place, const Json& losses) {
  return name.empty() ? automatic_backend(registry, losses) : named_backend(registry, config, name, place);
}

void prefer_plain_backend(const Registry& registry, HostConfig& config) {
  if (!config.default_backend.empty()) return;
  std::exception_ptr ignored;
  for (const BackendFactory* factory : registry.of<BackendFactory>().all()) {
    const std::string& id = factory->info().id;
    if (quickness_of(*factory, ignored).value_or(2) > 1 || config.backends.count(id)) continue;
    config.backends[id] = {id, nullptr, json_places("built-in")};
    config.default_backend = id;
    return;
  }
}

}  // namespace alice
