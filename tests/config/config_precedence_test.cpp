#include "tests/config/config_folder.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using alice::test::ConfigFolder;
using alice::test::says;
namespace fs = std::filesystem;

namespace {

/// Both files, each with its own idea of everything.
ConfigFolder& fill(ConfigFolder& folder) {
  folder.folder.write(
      "etc/alice/config.yaml",
      "generation: {threads: 1, default_steps: 11, default_scheduler: first}\n"
      "plugins: [system.so]\n"
      "models:\n  directory: models\n  sd/a: {source: a, vae: {plugin: v, options: {x: 1}}}\n  sd/b: {source: b}\n");
  folder.folder.write(
      "home/.config/alice/config.yaml",
      "generation: {threads: 2, default_steps: 12}\nplugins: [user.so]\nmodels:\n  sd/a: {source: mine}\n");
  return folder;
}

}  // namespace

TEST_CASE("the user's file rules over the system's key by key, and what is one value is taken whole") {
  ConfigFolder folder;
  const Config config = fill(folder).load();
  const fs::path system = folder.folder / "etc/alice", user = folder.folder / "home/.config/alice";
  CHECK(config.sources == std::vector<std::string>{(system / "config.yaml").string(), (user / "config.yaml").string()});
  CHECK(config.host.threads == 2);
  CHECK(config.host.defaults.steps == 12);
  CHECK(config.host.defaults.scheduler == "first");
  REQUIRE(config.host.plugins.size() == 1);
  CHECK(config.host.plugins[0].path == user / "user.so");
  CHECK(config.host.models_directory == system / "models");
  CHECK(config.host.models.at("sd/a").source == user / "mine");
  CHECK(config.host.models.at("sd/a").part("vae").plugin.empty());
  CHECK(config.host.models.at("sd/b").source == system / "b");

  CHECK(config.origin("generation.threads") == (user / "config.yaml").string() + ":1:23");
  CHECK(config.origin("generation.default_scheduler") == (system / "config.yaml").string() + ":1:64");
  CHECK(config.origin("models.sd/a.source") == (user / "config.yaml").string() + ":4:18");
  CHECK(config.origin("models.sd/a.vae.plugin") == "built-in");
}

TEST_CASE("a variable rules over the files, and the command line over the variable") {
  ConfigFolder folder;
  fill(folder);
  folder.sources.environment["ALICE_THREADS"] = "3";
  folder.sources.environment["ALICE_MODELS_DIR"] = (folder.folder / "variable").string();
  folder.sources.environment["ALICE_LOG_LEVEL"] = "Debug";
  folder.sources.environment["ALICE_LOG_FILE"] = "/logs/123";
  folder.sources.environment["ALICE_BACKEND"] = "b";
  Config config = folder.load();
  CHECK(config.host.threads == 3);
  CHECK(config.origin("generation.threads") == "ALICE_THREADS");
  CHECK(config.host.models_directory == folder.folder / "variable");
  CHECK(config.logging.level == LogLevel::debug);
  CHECK(config.logging.file == "/logs/123");
  CHECK(config.host.default_backend == "b");
  CHECK(config.sources.size() == 7);

  folder.sources.models_directory = (folder.folder / "option").string();
  folder.sources.backend = "c";
  config = folder.load();
  CHECK(config.host.models_directory == folder.folder / "option");
  CHECK(config.origin("models.directory") == "--models");
  CHECK(config.host.default_backend == "c");
  CHECK(config.origin("generation.backend") == "--backend");
}

TEST_CASE("a variable that is set to nothing is not set") {
  ConfigFolder folder;
  folder.sources.environment["ALICE_THREADS"] = "";
  folder.sources.environment["ALICE_CONFIG"] = "";
  folder.sources.environment["ALICE_NONSENSE"] = "";
  const Config config = folder.load();
  CHECK(config.sources.empty());
  CHECK(config.warnings.empty());
}

TEST_CASE(
    "a file named by ALICE_CONFIG, and before it one named by --config, takes the place of the user's and the "
    "system's") {
  ConfigFolder folder;
  fill(folder);
  folder.sources.environment["ALICE_CONFIG"] = folder.folder.write("named.yaml", "generation: {threads: 8}\n").string();
  Config config = folder.load();
  CHECK(config.host.threads == 8);
  CHECK_FALSE(config.host.defaults.steps.has_value());
  CHECK(folder.load("generation: {threads: 9}\n").host.threads == 9);
}

TEST_CASE("--backend rules over the backend of every model") {
  ConfigFolder folder;
  folder.sources.backend = "slow";
  const Config config = folder.load(
      "backends: {fast: x, slow: y}\ngeneration: {backend: fast}\nmodels: {sd/a: {source: a, backend: fast}}\n");
  CHECK(config.host.default_backend == "slow");
  CHECK(config.host.models.at("sd/a").backend.empty());
}

TEST_CASE("an ALICE variable that nothing reads is a warning with the nearest name") {
  ConfigFolder folder;
  folder.sources.environment["ALICE_MODEL_DIR"] = "x";
  folder.sources.environment["ALICE_CONFIG_FILE"] = "x";
  folder.sources.environment["OTHER"] = "x";
  const Config config = folder.load();
  REQUIRE(config.warnings.size() == 2);
  CHECK(config.warnings[0].place == "ALICE_CONFIG_FILE");
  CHECK(says(config.warnings[0].sentence, "not honoured"));
  CHECK(config.warnings[1].place == "ALICE_MODEL_DIR");
  CHECK(says(config.warnings[1].sentence, "did you mean 'ALICE_MODELS_DIR'?"));
}

TEST_CASE("this process's own program folder and variables are the sources of a real run") {
  setenv("ALICE_TEST_VARIABLE", "a=b", 1);
  const ConfigSources sources = ConfigSources::of_process();
  unsetenv("ALICE_TEST_VARIABLE");
  CHECK(sources.environment.at("ALICE_TEST_VARIABLE") == "a=b");
  CHECK(sources.program_folder == fs::path(ALICE_BUILD_DIR) / "tests");
  CHECK(sources.system_file == "/etc/alice/config.yaml");
}
