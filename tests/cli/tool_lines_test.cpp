// The command lines of make-model, bench and plugin.

#include "tests/cli/parsed.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("make-model's settings are checked, every fault at once") {
  const CommandLine line = read({"make-model", "--config", "in", "out", "--dtype", "float16", "--seed", "7"});
  CHECK(line.command == Command::make_model);
  CHECK(line.target == "in");
  CHECK(line.out == "out");
  CHECK(line.dtype == "float16");
  CHECK(line.seed == 7);
  const std::string faults = refusal({"make-model", "out", "--dtype", "int8", "--seed", "-1"});
  for (const char* part : {"--config: is missing", "--dtype: must be float32 or float16", "--seed: must be an integer"})
    CHECK(says(faults, part));
}

TEST_CASE("bench takes a model, what computes it, and how it is measured") {
  const CommandLine line = read({"bench", "--model", "sd/m", "--backend", "a", "--backend", "b", "--size", "256",
                                 "--rounds", "5", "--json", "-", "--config", "c.yaml"});
  CHECK(line.command == Command::bench);
  CHECK(line.target == "sd/m");
  CHECK(line.config_file == "c.yaml");
  CHECK(line.backend == "a");
  CHECK(line.bench.backends == Words{"a", "b"});
  CHECK(line.bench.size == 256);
  CHECK(line.bench.rounds == 5);
  CHECK(line.bench.json_file == "-");
  CHECK(read({"bench", "--model", "m", "--backend", "a", "--against", "b"}).bench.against == "b");

  CHECK(read({"bench"}).target.empty());  // the configuration may say it
  const BenchOptions bare = read({"bench"}).bench;
  CHECK(bare.backends.empty());
  CHECK(bare.against.empty());
  CHECK(bare.size == std::nullopt);
  CHECK(bare.rounds == 3);
  CHECK(bare.json_file.empty());
}

TEST_CASE("bench's faults are told all at once") {
  const std::string text = refusal({"bench", "--size", "7", "--rounds", "many", "--backend", "a", "--backend", "a",
                                    "--against", "b", "--json", "none/such/folder.json"});
  INFO(text);
  for (const char* part :
       {"\n  --size: must be an integer from 8 to 8192, got '7'\n",
        "\n  --rounds: must be an integer from 1 to 1000, got 'many'\n", "\n  --backend: names 'a' twice\n",
        "\n  --against: compares two; --backend is given 2 times\n", "\n  --json: there is no folder 'none/such'\n"})
    CHECK(says(text, part));
}

TEST_CASE("plugin new wants a name and a kind, and says which kinds there are") {
  const CommandLine line = read({"plugin", "new", "my_sampler", "--kind", "scheduler", "--into", "there"});
  CHECK(line.command == Command::plugin_new);
  CHECK(line.target == "my_sampler");
  CHECK(line.kind == "scheduler");
  CHECK(line.into == "there");
  CHECK(read({"plugin", "new", "x2", "--kind", "vae"}).into == ".");
  CHECK(says(refusal({"plugin", "new", "x2"}),
             "--kind: is missing: scheduler, family, text_encoder, unet, vae, lora_format or"));
  CHECK(says(refusal({"plugin", "new", "x2", "--kind", "shceduler"}), "did you mean 'scheduler'"));
  CHECK(says(refusal({"plugin", "new", "x2", "--kind", "vae", "--into="}), "--into: must name a folder"));
  CHECK(says(refusal({"plugin", "new", "--kind", "vae"}), "NAME"));
}

TEST_CASE("plugin try takes a folder, a model and a prompt, and none of them must be said") {
  const CommandLine bare = read({"plugin", "try"});
  CHECK(bare.command == Command::plugin_try);
  CHECK((bare.target + bare.request.model + bare.request.prompt).empty());
  const CommandLine line = read({"plugin", "try", "mine", "--model", "sd/tiny", "--prompt", "a snail", "--config",
                                 "c.yaml", "--models", "m"});
  CHECK(line.target == "mine");
  CHECK(line.request.model == "sd/tiny");
  CHECK(line.request.prompt == "a snail");
  CHECK(line.config_file == "c.yaml");
  CHECK(line.models_directory == "m");
  CHECK(says(refusal({"plugin", "try", "mine", "yours"}), "yours: is a word too many"));
}

TEST_CASE("plugin check takes a library and how to try it") {
  const CommandLine line =
      read({"plugin",    "check",       "x.so",       "--only",   "scheduler",    "--timeout", "5",         "--memory",
            "512",       "--reproduce", "0",          "--config", "settings",     "--order",   "sampler=2", "--order",
            "other=1.5", "--junit",     "report.xml", "--json",   "--lora-names", "names.json"});
  CHECK(line.command == Command::plugin_check);
  CHECK(line.target == "x.so");
  CHECK(line.json);
  CHECK(line.check.only == "scheduler");
  CHECK(line.check.timeout_seconds == 5);
  CHECK(line.check.memory_mib == 512);
  CHECK(line.check.seed == 0);
  CHECK(line.check.config_folder == "settings");
  CHECK(line.check.lora_names == "names.json");
  CHECK(line.check.orders == std::map<std::string, double>{{"sampler", 2}, {"other", 1.5}});
  CHECK(line.check.junit == "report.xml");
  CHECK(read({"plugin", "check", "--list"}).check.list);
}

TEST_CASE("plugin check's faults are told all at once") {
  const std::string said = refusal({"plugin", "check", "--timeout", "0", "--memory", "much", "--reproduce", "one",
                                    "--order", "2", "--order", "sampler=fast"});
  for (const char* part : {"FILE: is missing", "--timeout: must be an integer from 1 to 86400, got '0'",
                           "--memory: must be", "--reproduce: must be", "got '2'", "got 'sampler=fast'"}) {
    INFO(said);
    CHECK(says(said, part));
  }
}
