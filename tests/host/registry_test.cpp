#include "core/host/registry.h"

#include <algorithm>

#include "core/api/backend.h"
#include "core/api/scheduler.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

PlacedPath sample(const std::string& name) {
  return {std::string(ALICE_BUILD_DIR) + "/tests/plugins/" + name + ".so", "test"};
}
PlacedPath built_in() { return {std::string(ALICE_BUILD_DIR) + "/plugins", "test"}; }

}  // namespace

TEST_CASE("refused libraries are recorded with the reason, and the rest works") {
  const Registry registry(
      {built_in(), sample("other_abi"), sample("no_entry"), sample("throws"), sample("counting-backend")});
  size_t refused = 0;
  for (const PluginRecord& plugin : registry.plugins()) {
    INFO(plugin.file << ": " << plugin.refused);
    const std::string name = plugin.file.stem().string();
    CHECK(plugin.refused.empty() == (name != "other_abi" && name != "no_entry" && name != "throws"));
    refused += plugin.refused.empty() ? 0 : 1;
  }
  CHECK(refused == 3);
  CHECK(registry.of<BackendFactory>().find("counting").factory != nullptr);
  CHECK_FALSE(registry.of<SchedulerFactory>().all().empty());
}

TEST_CASE("a library whose names are taken leaves nothing behind") {
  const Registry registry({sample("counting-backend"), sample("counting-backend")});
  REQUIRE(registry.plugins().size() == 2);
  CHECK(registry.plugins()[0].refused.empty());
  CHECK(says(registry.plugins()[1].refused, "taken"));
  CHECK(registry.of<BackendFactory>().all().size() == 1);
}

TEST_CASE(
    "a library that enrols a kind which nobody knows leaves nothing behind, and is told the kinds that there are") {
  const Registry registry({sample("unknown-kind")});
  REQUIRE(registry.plugins().size() == 1);
  CHECK(says(registry.plugins()[0].refused, "enrols a 'schedular'"));
  CHECK(says(registry.plugins()[0].refused, "did you mean 'scheduler'"));
  for (const PluginKind& kind : plugin_kinds()) CHECK(registry.of(kind).all().empty());
}

TEST_CASE("each factory is its library's") {
  const Registry registry({built_in()});
  for (const PluginKind& kind : plugin_kinds())
    for (const auto& factory : registry.of(kind).all()) {
      INFO(kind.name << " " << factory->info().id);
      const std::vector<std::string>& its = registry.plugin_of(*factory).factories;
      CHECK(std::find(its.begin(), its.end(), kind.words + " " + factory->info().id) != its.end());
    }
}

TEST_CASE("names are found in any letter case, and an alias brings its options") {
  const Registry registry({built_in()});
  for (const SchedulerFactory* factory : registry.of<SchedulerFactory>().all()) {
    for (const Alias& alias : factory->info().aliases) {
      INFO(alias.name);
      const auto named = registry.of<SchedulerFactory>().find(alias.name);
      CHECK(named.factory == factory);
      CHECK(named.options == alias.options);
      CHECK_NOTHROW(factory->create({{alias.options, UnknownKeys::fault, json_places("alias")}}));
    }
  }
}

TEST_CASE("no two factories of a kind share a name, whatever its letter case") {
  const Registry registry({built_in()});
  for (const std::string& name : registry.of<SchedulerFactory>().names()) {
    size_t owners = 0;
    for (const std::string& other : registry.of<SchedulerFactory>().names())
      owners += name.size() == other.size() &&
                std::equal(name.begin(), name.end(), other.begin(),
                           [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    INFO(name);
    CHECK(owners == 1);
  }
}

TEST_CASE("an unknown name is an error that offers the nearest") {
  const Registry registry({built_in()});
  const std::string known = registry.of<SchedulerFactory>().all().front()->info().id;
  const Error error =
      error_of([&] { registry.of<SchedulerFactory>().get(known + "x", "/scheduler", ErrorCode::bad_request); });
  CHECK(error.place() == "/scheduler");
  CHECK(says(error.sentence(), "did you mean '" + known + "'"));
}

TEST_CASE("every factory says what it is") {
  const Json description = Registry({built_in()}).describe();
  CHECK(description.at("kinds").size() == plugin_kinds().size());
  for (const auto& [kind, factories] : description.at("kinds").items()) {
    INFO(kind);
    CHECK_FALSE(factories.empty());
    for (const Json& factory : factories) {
      INFO(factory.at("id"));
      CHECK_FALSE(factory.at("help").get<std::string>().empty());
      for (const Json& option : factory.at("options")) CHECK_FALSE(option.at("help").get<std::string>().empty());
    }
  }
}
