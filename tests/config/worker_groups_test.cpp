// The section workers.

#include "server/config/worker_groups.h"

#include <algorithm>

#include "server/config/quantity.h"
#include "tests/config/config_folder.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using alice::test::ConfigFolder;
using alice::test::error_of;
using alice::test::says;

namespace {

const WorkerGroupConfig& sandbox_of(const Config& config) { return config.server.groups.at("sandbox"); }

bool warns(const Config& config, const std::string& words) {
  return std::any_of(config.warnings.begin(), config.warnings.end(),
                     [&](const Fault& warning) { return says(warning.sentence, words); });
}

}  // namespace

TEST_CASE("without the section there is the default group alone, and it is as the other sections say") {
  ConfigFolder folder;
  const Config config = folder.load("generation: {max_concurrent: 3}\njobs: {step_timeout: 7, attempts: 2}\n");
  CHECK(config.server.groups.empty());
  const WorkerGroupConfig group = default_group(config.server);
  CHECK(group.name == "default");
  CHECK(group.count == 3);
  CHECK(group.step_timeout_s == 7);
  CHECK(group.job_attempts == 2);
  CHECK(group.breaker_deaths == 0);
  CHECK_FALSE(group.memory_limit.has_value());
}

TEST_CASE("every key of a group is read, with its units") {
  ConfigFolder folder;
  const Config config = folder.load(
      "models: {sd/a: {}, sd/b: {}}\n"
      "workers:\n  sandbox:\n    models: [sd/a, sd/b]\n    plugins: [more/odd.so, ~/mine]\n    count: 2\n    threads: "
      "1\n"
      "    memory_limit: 2GB\n    step_timeout: 30s\n    attempts: 1\n    breaker_deaths: 4\n    breaker_window: 5m\n"
      "    breaker_pause: 500ms\n  default: {memory_limit: 1GiB, count: 4}\n");
  const WorkerGroupConfig& group = sandbox_of(config);
  REQUIRE(group.models.size() == 2);
  CHECK(group.models[1].name == "sd/b");
  CHECK(group.models[1].place == folder.file() + ":4:20");
  REQUIRE(group.plugins.size() == 2);
  CHECK(group.plugins[0].path == folder.folder / "more/odd.so");
  CHECK(group.plugins[1].path == folder.folder / "home/mine");
  CHECK(group.count == 2);
  CHECK(group.threads == 1);
  CHECK(group.memory_limit == 2'000'000'000);
  CHECK(group.step_timeout_s == 30);
  CHECK(group.job_attempts == 1);
  CHECK(group.breaker_deaths == 4);
  CHECK(group.breaker_window_s == 300);
  CHECK(group.breaker_pause_s == 0.5);
  CHECK(config.origin("workers.sandbox.count") == folder.file() + ":6:12");
  CHECK(default_group(config.server).memory_limit == int64_t{1} << 30);
  CHECK(default_group(config.server).count == 4);
  CHECK(group_naming(config.server, "b") == &group);
  CHECK(group_naming(config.server, "sd/c") == nullptr);
  CHECK(config.warnings.empty());
}

TEST_CASE("a group may say that its workers have no limit of memory") {
  ConfigFolder folder;
  CHECK(default_group(folder.load("workers: {default: {memory_limit: 0}}\n").server).memory_limit == 0);
}

TEST_CASE("what a group does not say it has from the other sections, and a breaker of its own") {
  ConfigFolder folder;
  const Config config =
      folder.load("jobs: {step_timeout: 2m}\nmodels: {sd/a: {}}\nworkers: {sandbox: {models: sd/a}}\n");
  CHECK(sandbox_of(config).count == 1);
  CHECK(sandbox_of(config).step_timeout_s == 120);
  CHECK(sandbox_of(config).job_attempts == 3);
  CHECK(sandbox_of(config).breaker_deaths == kBreakerDeaths);
}

TEST_CASE("every fault of the section is told at once, at its place") {
  ConfigFolder folder;
  const Error error = error_of([&] {
    folder.load(
        "workers:\n  a:\n    models: [sd/x, tiny]\n    memory_limt: 1GB\n  b:\n    models: [sd/x]\n    count: 0\n"
        "    step_timeout: soon\n    memory_limit: 2 gigs\n  c: {}\n  default: {models: [sd/y], plugins: [x.so]}\n  d: "
        "1\n");
  });
  CHECK(error.code() == ErrorCode::bad_config);
  for (const std::string fault :
       {":3:20: workers.a.models: 'tiny' is no model's id",
        ":4:5: 'memory_limt' is no key of a worker group (did you mean 'memory_limit'?)",
        ":6:14: workers.b.models: the model 'sd/x' is named by the group 'a' already",
        ":7:12: workers.b.count: must be an integer from 1 to 64",
        ":8:19: workers.b.step_timeout: must be a number of seconds, or a time such as 30s",
        ":9:19: workers.b.memory_limit: must be a size such as 2GB",
        ":10:3: the group 'c' names no models",
        ":11:13: the group default serves every model that no other group names", ":11:29: the group default serves",
        ":12:6: workers.d: a worker group must be a map"}) {
    INFO(fault);
    CHECK(says(error.what(), fault));
  }
}

TEST_CASE("a model that is not there yet, and a library that every worker loads, are warnings") {
  ConfigFolder folder;
  folder.folder.write("models/here/model_index.json", "{}");
  const Config config = folder.load(
      "plugins: [default, general]\nmodels: {directory: models}\n"
      "workers: {sandbox: {models: [sd/here, sd/gone], plugins: [general/odd.so, own.so]}}\n");
  CHECK(config.warnings.size() == 2);
  CHECK(warns(config, "there is no model 'sd/gone' yet"));
  CHECK(warns(config, "every worker loads " + (folder.folder / "general/odd.so").string()));
}

TEST_CASE("a group's entry is one value: a stronger layer's takes its place whole") {
  ConfigFolder folder;
  folder.folder.write(
      "etc/alice/config.yaml",
      "models: {sd/a: {}, sd/b: {}}\nworkers: {sandbox: {models: [sd/a], count: 9}, other: {models: [sd/b]}}\n");
  folder.folder.write("home/.config/alice/config.yaml", "workers: {sandbox: {models: [sd/a]}}\n");
  const Config config = folder.load();
  CHECK(sandbox_of(config).count == 1);
  CHECK(config.server.groups.count("other") == 1);
}

TEST_CASE("times and sizes are read with their units, and nothing else is") {
  const auto in_seconds = [](const std::string& text) { return read_quantity(text, "seconds"); };
  const auto in_bytes = [](const std::string& text) { return read_quantity(text, "bytes"); };
  CHECK(in_seconds("30s") == 30);
  CHECK(in_seconds("1.5 m") == 90);
  CHECK(in_seconds("2h") == 7200);
  CHECK(in_seconds("250ms") == 0.25);
  CHECK(in_bytes("2GB") == 2e9);
  CHECK(in_bytes("512 mib") == 536870912);
  CHECK(in_bytes("7B") == 7);
  for (const std::string text : {"", "s", "30", "30 s s", "30 parsecs", "-1s", "1e3s", "1.2.3s", ".s", "30\ns"}) {
    INFO(text);
    CHECK_FALSE(in_seconds(text).has_value());
  }
  CHECK_FALSE(in_bytes("2GBs").has_value());
  CHECK_FALSE(has_units("MiB"));
}
