#include <sys/stat.h>
#include <unistd.h>

#include "tests/config/config_folder.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using alice::test::ConfigFolder;
using alice::test::error_of;
using alice::test::says;

TEST_CASE("each fault of a configuration says its line and column, what is allowed, and the nearest name") {
  struct Case {
    std::string text, place;
    std::vector<std::string> parts;
  };
  const std::vector<Case> cases = {
      {"a list\n", ":1:1", {"must be a map", "\"a list\""}},
      {"- x\n", ":1:1", {"must be a map", "a list"}},
      {"generaton: {}\n", ":1:1", {"'generaton'", "did you mean 'generation'?"}},
      {"generation:\n  default_stps: 3\n",
       ":2:3",
       {"'default_stps' is no key of generation", "did you mean 'default_steps'?"}},
      {"generation: 5\n", ":1:13", {"generation must be a map", "5"}},
      {"generation: {default_steps: many}\n", ":1:29", {"an integer from 1 to 1000", "\"many\""}},
      {"generation: {default_steps: 0}\n", ":1:29", {"an integer from 1 to 1000", "got 0"}},
      {"generation: {default_steps: \"20\"}\n", ":1:29", {"an integer from 1 to 1000", "\"20\""}},
      {"generation: {default_guidance_scale: .inf}\n", ":1:38", {"a number from 0 to 100", "Infinity"}},
      {"generation: {default_guidance_scale: .nan}\n", ":1:38", {"a number from 0 to 100", "NaN"}},
      {"generation: {threads: -1}\n", ":1:23", {"an integer from 0 to 1024", "-1"}},
      {"generation: {threads: 1.5}\n", ":1:23", {"an integer", "1.5"}},
      {"generation: {backend: [a]}\n", ":1:23", {"a string"}},
      {"logging: {level: verbose}\n", ":1:18", {"one of debug, info, warning, error, critical", "\"verbose\""}},
      {"logging: {level: wraning}\n", ":1:18", {"did you mean 'warning'?"}},
      {"logging: {max_size_mb: 0}\n", ":1:24", {"a number from 0.01"}},
      {"logging: {backup_count: yes}\n", ":1:25", {"an integer from 0 to 1000", "\"yes\""}},
      {"plugins: {a: b}\n", ":1:10", {"plugins must be a list"}},
      {"plugins: [3]\n", ":1:11", {"a plugin must be a string", "3"}},
      {"plugins: ['']\n", ":1:11", {"a plugin must be a string"}},
      {"backends: [a]\n", ":1:11", {"backends must be a map"}},
      {"backends: {a: {}}\n", ":1:12", {"backend a must name its plugin"}},
      {"backends: {a: }\n", ":1:12", {"backend a must name its plugin"}},
      {"backends: {a: {plugin: 7}}\n", ":1:24", {"plugin must be a string"}},
      {"backends: {a: {plugn: x, plugin: y}}\n", ":1:16", {"'plugn'", "did you mean 'plugin'?"}},
      {"backends: {a: {plugin: x, options: [1]}}\n", ":1:36", {"options of a backend must be a map"}},
      {"backends: {auto: x, b: y}\ngeneration: {backend: b}\n", ":1:12", {"'auto' cannot be the name of a backend"}},
      {"backends: {fast: x, slow: y}\ngeneration: {backend: fats}\n",
       ":2:23",
       {"'fats' is no backend", "did you mean 'fast'?"}},
      {"backends: {fast: x}\nmodels: {sd/a: {backend: slow}}\n", ":2:26", {"'slow' is no backend", "allowed: fast"}},
      {"backends: {fast: x, slow: y}\n", ":1:18", {"several backends", "generation.backend"}},
      {"models: {direktory: x}\n", ":1:10", {"did you mean 'directory'?"}},
      {"models: {my-model: {}}\n", ":1:10", {"begins with sd/"}},
      {"models: {sd/: {}}\n", ":1:10", {"needs a name"}},
      {"models: {directory: 5}\n", ":1:21", {"directory must be a string"}},
      {"models: {directory: ''}\n", ":1:21", {"directory must be a string"}},
      {"models: {default_model: [a]}\n", ":1:25", {"default_model must be a string"}},
      {"models: {sd/a: x}\n", ":1:16", {"a model must be a map"}},
      {"models: {sd/a: {sauce: x}}\n", ":1:17", {"did you mean 'source'?"}},
      {"models: {sd/a: {source: 5}}\n", ":1:25", {"source must be a string"}},
      {"models: {sd/a: {unet: 5}}\n", ":1:23", {"unet", "a plugin's name", "5"}},
      {"models: {sd/a: {vae: {option: {}}}}\n", ":1:23", {"did you mean 'options'?"}},
      {"models: {sd/a: {scheduler: {source: x}}}\n", ":1:29", {"'source' is no key", "allowed: plugin, options"}},
      {"models: {sd/a: {defaults: {stps: 1}}}\n", ":1:28", {"did you mean 'steps'?"}},
      {"models: {sd/a: {defaults: {seed: 1}}}\n", ":1:28", {"'seed' is no key of a model's defaults"}},
      {"models: {sd/a: {defaults: {clip_skip: -1}}}\n", ":1:39", {"an integer from 0 to 100"}},
      {"a: \"\xC3\x28\"\n", ":1:5", {"no UTF-8", "0xC3"}},
      {"# \xE2\x82\n", ":1:3", {"no UTF-8", "0xE2"}},
      {"logging:\n  file: a\x01"
       "b\n",
       ":2:10",
       {"control character 0x01"}},
  };
  for (const Case& one : cases) {
    INFO(one.text);
    ConfigFolder folder;
    const Error error = error_of([&] { folder.load(one.text); });
    CHECK(error.code() == ErrorCode::bad_config);
    CHECK(error.place() == folder.file() + one.place);
    INFO(error.sentence());
    for (const std::string& part : one.parts) CHECK(says(error.sentence(), part));
  }
}

TEST_CASE("every fault of every source is reported at once") {
  ConfigFolder folder;
  folder.folder.write("etc/alice/config.yaml", "logging: {level: loud}\ngeneration: {default_steps: 0}\n");
  const auto user = folder.folder.write(
      "home/.config/alice/config.yaml",
      "plugins: 1\nmodels:\n  sd/a: {vae: {x: 1}, defaults: {width: 1}}\nserver: {api_key: 1}\n");
  folder.sources.environment["ALICE_THREADS"] = "two";
  folder.sources.environment["ALICE_LOG_LEVEL"] = "loud";
  const Error error = error_of([&] { folder.load(); });
  const std::string all = error.what(), system = folder.sources.system_file.string();
  INFO(all);
  CHECK(says(all, "8 faults"));
  for (const std::string& place : {system + ":1:18: ", system + ":2:29: ", user.string() + ":1:10: ",
                                   user.string() + ":3:16: ", user.string() + ":3:41: ", user.string() + ":4:19: ",
                                   std::string("ALICE_THREADS: "), std::string("ALICE_LOG_LEVEL: ")})
    CHECK(says(all, "\n  " + place));
}

TEST_CASE("a broken file is reported together with the faults of the others") {
  ConfigFolder folder;
  folder.folder.write("etc/alice/config.yaml", "a: [\n");
  folder.folder.write("home/.config/alice/config.yaml", "generation: {threads: x}\n");
  const std::string all = error_of([&] { folder.load(); }).what();
  CHECK(says(all, "etc/alice/config.yaml:"));
  CHECK(says(all, "home/.config/alice/config.yaml:1:23"));
}

TEST_CASE("a byte order mark and other systems' line ends are no part of the text") {
  ConfigFolder folder;
  CHECK(folder.load("\xEF\xBB\xBFgeneration:\r\n  threads: 3\r\n").host.threads == 3);
  CHECK(folder.load("generation:\r  threads: 4\r").host.threads == 4);
  CHECK(error_of([&] { folder.load("generation:\r\n  thread: 3\r\n"); }).place() == folder.file() + ":2:3");
  CHECK(error_of([&] { folder.load("\xEF\xBB\xBFgenration: {}\n"); }).place() == folder.file() + ":1:1");
}

TEST_CASE("a file that was named and cannot be read is an error that says why and who named it") {
  ConfigFolder folder;
  const auto refusal = [&](const std::string& file) {
    folder.sources.config_file = file;
    const Error error = error_of([&] { folder.load(); });
    CHECK(error.code() == ErrorCode::bad_config);
    CHECK(error.place() == file);
    CHECK(says(error.sentence(), "named by --config"));
    return error.sentence();
  };
  CHECK(says(refusal((folder.folder / "none.yaml").string()), "no such file"));
  CHECK(says(refusal(folder.folder.path().string()), "is a folder"));
  folder.folder.write("huge.yaml", std::string((1 << 20) + 1, '#'));
  CHECK(says(refusal((folder.folder / "huge.yaml").string()), "larger than 1024 KiB"));

  folder.sources.config_file.clear();
  folder.sources.environment["ALICE_CONFIG"] = "/nowhere/c.yaml";
  CHECK(
      says(error_of([&] { folder.load(); }).what(), "/nowhere/c.yaml: there is no such file (named by ALICE_CONFIG)"));
}

TEST_CASE("a user's file that cannot be looked at is not passed over") {
  if (geteuid() == 0) return;  // root can look at everything
  ConfigFolder folder;
  const auto file = folder.folder.write("home/.config/alice/config.yaml", "server: {require_auth: true}\n");
  chmod(file.c_str(), 0);
  CHECK(says(error_of([&] { folder.load(); }).what(), "cannot be opened"));
}

TEST_CASE("faults name their keys, and come in the order of the lines, each once") {
  ConfigFolder folder;
  const Error error = error_of([&] {
    folder.load(
        "server: {cors_origins: '*', host: nowhere}\n"
        "models:\n"
        "  sd/a: {defaults: {steps: 0, width: 1}, source: 5}\n"
        "generation: {default_steps: 0, threads: x}\n"
        "plugns: []\n"
        "logging: {level: loud}\n");
  });
  const std::string all = error.what();
  INFO(all);
  size_t last = 0;
  for (const std::string begin :
       {":1:24: server.cors_origins", ":1:35: server.host: must be an address",
        ":3:28: models.sd/a.defaults.steps: must",
        ":3:38: models.sd/a.defaults.width: must", ":3:50: models.sd/a.source must be a string",
        ":4:29: generation.default_steps: must", ":4:41: generation.threads: must", ":5:1: 'plugns'",
        ":6:18: logging.level: must"}) {
    INFO(begin);
    const size_t at = all.find(folder.file() + begin);
    REQUIRE(at != std::string::npos);
    CHECK(at > last);
    CHECK(all.find(folder.file() + begin.substr(0, begin.find(' ')), at + 1) == std::string::npos);
    last = at;
  }
  CHECK(says(all, "9 faults"));
}

TEST_CASE("names of this machine are addresses to listen on") {
  ConfigFolder folder;
  CHECK(folder.load("server: {host: localhost}\n").server.host == "127.0.0.1");
  CHECK(folder.load("server: {host: ip6-localhost}\n").server.host == "::1");
  folder.sources.host = "localhost";
  CHECK(folder.load("").server.host == "127.0.0.1");
}

TEST_CASE("who reads on beside the faults has the rest of the configuration") {
  ConfigFolder folder;
  folder.folder.write("config.yaml", "generation: {default_steps: 0, threads: 3}\n");
  folder.sources.config_file = folder.file();
  std::vector<Fault> faults;
  const Config config = read_config(folder.sources, faults);
  CHECK(faults.size() == 1);
  CHECK(config.host.threads == 3);
  CHECK_FALSE(config.host.defaults.steps.has_value());
}

TEST_CASE("without a home folder a warning says where pictures go") {
  ConfigFolder folder;
  CHECK(folder.load("").warnings.empty());
  folder.sources.environment.erase("HOME");
  const Config config = folder.load("");
  REQUIRE(config.warnings.size() == 1);
  CHECK(says(config.warnings[0].sentence, (folder.folder / "bin/data").string()));
  CHECK(folder.load("storage: {data_directory: /x}\n").warnings.empty());
}
