// The commands, and what is said to a line that is none of them.

#include "tests/cli/parsed.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("an empty negative prompt and a zero are said") {
  CHECK(read(generate_with({"--negative", ""})).request.negative_prompt == "");
  CHECK(read(generate_with({"--clip-skip", "0"})).request.clip_skip == 0);
}

TEST_CASE("each command is known, with its own options") {
  struct Case {
    Words words;
    Command command;
    std::string target;
  };
  for (const Case& one : std::vector<Case>{{{"models"}, Command::models, ""},
                                           {{"plugins"}, Command::plugins, ""},
                                           {{"config", "explain", "sd/a"}, Command::config_explain, "sd/a"},
                                           {{"check", "config"}, Command::check_config, ""},
                                           {{"check", "model", "x.safetensors"}, Command::check_model, "x.safetensors"},
                                           {{"check", "load", "sd/a"}, Command::check_load, "sd/a"},
                                           {{"check", "infer", "sd/a"}, Command::check_infer, "sd/a"},
                                           {{"check", "compat", "goldens"}, Command::check_compat, "goldens"}}) {
    INFO(one.words.back());
    CommandLine line = read(one.words);
    CHECK(line.command == one.command);
    CHECK(line.target == one.target);
    CHECK_FALSE(line.json);
    Words more = one.words;
    more.insert(more.end(), {"--json", "--config", "c.yaml", "--models", "m"});
    line = read(more);
    CHECK(line.json);
    CHECK(line.config_file == "c.yaml");
    CHECK(line.models_directory == "m");
  }
  CHECK(read({"check", "compat", "goldens", "--out", "ours", "--backend", "b"}).out == "ours");
  CHECK(read({"--config", "c.yaml", "models"}).config_file == "c.yaml");
  CHECK(read({"config", "init"}).command == Command::config_init);
  CHECK(read({"config", "init"}).target.empty());
  CHECK(read({"config", "init", "here.yaml"}).target == "here.yaml");
}

TEST_CASE("what is not known is told with the nearest name") {
  struct Case {
    Words words;
    std::string part;
  };
  for (const Case& one : std::vector<Case>{
           {{"genrate", "--prompt", "x"}, "alice: genrate: there is no such command (did you mean 'generate'?)"},
           {{"check", "modle", "x"}, "alice check: modle: there is no such command (did you mean 'model'?)"},
           {generate_with({"--stps", "3"}), "--stps: there is no such option (did you mean '--steps'?)"},
           {generate_with({"--sed=3"}), "--sed=3: there is no such option (did you mean '--seed'?)"},
           {{"--confg", "x", "models"}, "--confg: there is no such option (did you mean '--config'?)"},
           {{"models", "--prompt", "x"}, "--prompt: there is no such option (allowed:"},
           {generate_with({"with"}), "with: is a word too many"},
           {generate_with({"with", "hat"}), "hat: is a word too many"},
           {{"models", "x"}, "x: is a word too many"},
           {{"check", "model", "a", "b"}, "b: is a word too many"},
           {{"check", "model"}, "PATH is required"},
           {generate_with({"--seed"}), "--seed: 1 required INT missing"},
           {generate_with({"--seed", "1", "--seed", "2"}), "--seed: is given 2 times"},
           {generate_with({"--scheduler-option", "a=1", "--scheduler-option", "a=2"}), "sets 'a' twice"}}) {
    const std::string text = refusal(one.words);
    INFO(text);
    CHECK(says(text, one.part));
  }
}

TEST_CASE("no command, or half of one, is answered with help and the code of a wrong use") {
  CHECK(says(refusal({}), "Subcommands:"));
  CHECK(says(refusal({"check"}), "compat"));
  CHECK(says(refusal({"config"}), "explain"));
}

TEST_CASE("help and version are no faults") {
  for (const Words& words :
       std::vector<Words>{{"--help"}, {"-h"}, {"generate", "--help"}, {"check", "compat", "--help"}, {"--version"}}) {
    const ParsedCommandLine parsed = parse(words);
    REQUIRE(parsed.answer.has_value());
    CHECK(parsed.answer->exit_code == kExitOk);
  }
  CHECK(says(parse({"--help"}).answer->text, "Exit codes:"));
  CHECK(says(parse({"generate", "--help"}).answer->text, "--lora NAME[:STRENGTH]"));
  CHECK(says(parse({"--version"}).answer->text, "alice "));
}

TEST_CASE("other programs' commands are answered with ours") {
  for (const auto& [word, ours] : std::vector<std::pair<std::string, std::string>>{
           {"run", "alice generate"}, {"list", "alice models"}, {"pull", "models folder"}, {"ps", "/v1/jobs"}})
    CHECK(says(refusal({word, "x"}), ours));
  CHECK(parse({"help"}).answer->text == parse({"--help"}).answer->text);
  CHECK(parse({"help", "check", "model"}).answer->text == parse({"check", "model", "--help"}).answer->text);
  CHECK(parse({"version"}).answer->text == parse({"--version"}).answer->text);
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Answer script = *parse({"completion", shell}).answer;
    CHECK(script.exit_code == kExitOk);
    CHECK(says(script.text, "--guidance"));
    CHECK_FALSE(says(script.text, "run-checks"));
  }
  CHECK(says(refusal({"completion", "tcsh"}), "bash"));
}

TEST_CASE("serve takes where to listen and where to keep things, as typed") {
  const CommandLine line = read({"serve", "--host", "0.0.0.0", "--port", "many", "--data", "d", "--models", "m"});
  CHECK(line.command == Command::serve);
  CHECK(line.host == "0.0.0.0");
  CHECK(line.port == "many");  // the configuration says what is wrong with it
  CHECK(line.data_directory == "d");
  CHECK(line.models_directory == "m");
  CHECK(says(refusal({"serv"}), "did you mean 'serve'?"));
}

TEST_CASE("the commands that the server and bench start are not shown to people") {
  CHECK(read({"work"}).command == Command::work);
  CHECK(read({"bench-subject", "--model", "m", "--backend", "b", "--size", "64"}).command == Command::bench_subject);
  for (const char* name : {"\n  work", "\n  bench-subject"}) CHECK_FALSE(says(parse({"--help"}).answer->text, name));
  CHECK_FALSE(says(refusal({"wrk"}), "work'"));
  CHECK_FALSE(says(refusal({"bench-subjct", "--model", "m"}), "bench-subject"));
}

TEST_CASE("the exit code follows from the kind of error") {
  CHECK(exit_code_of(ErrorCode::bad_request) == kExitUsage);
  CHECK(exit_code_of(ErrorCode::bad_config) == kExitConfig);
  CHECK(exit_code_of(ErrorCode::cancelled) == kExitInterrupted);
  for (ErrorCode code : {ErrorCode::not_found, ErrorCode::bad_weights, ErrorCode::unsupported, ErrorCode::out_of_memory,
                         ErrorCode::busy, ErrorCode::internal})
    CHECK(exit_code_of(code) == kExitFailed);
}
