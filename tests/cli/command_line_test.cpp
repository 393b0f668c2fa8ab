#include "server/cli/command_line.h"
#include "server/cli/picture_names.h"

#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using alice::test::says;
using alice::test::TempFolder;

namespace {

using Words = std::vector<std::string>;

ParsedCommandLine parse(const Words& words) {
  std::vector<const char*> argv = {"alice"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

CommandLine read(const Words& words) {
  const ParsedCommandLine parsed = parse(words);
  if (parsed.answer.has_value()) FAIL(parsed.answer->text);
  return parsed.line;
}

/// What is said to a wrong command line.
std::string refusal(const Words& words) {
  const ParsedCommandLine parsed = parse(words);
  REQUIRE(parsed.answer.has_value());
  CHECK(parsed.answer->exit_code == kExitUsage);
  return parsed.answer->text;
}

Words generate_with(Words more) {
  Words words = {"generate", "--prompt", "a cat", "--out", "cat.png"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

TEST_CASE("every option of generate arrives in the request") {
  const CommandLine line = read({"generate", "--model",
                                 "sd/m",     "--prompt",
                                 "a cat",    "--negative",
                                 "dogs",     "--seed",
                                 "0",        "--steps",
                                 "12",       "--guidance",
                                 "6.5",      "--guidance-rescale",
                                 "0.7",      "--scheduler",
                                 "walk",     "--scheduler-option",
                                 "a=true",   "--scheduler-option",
                                 "b=0.5",    "--scheduler-option",
                                 "c=text",   "--scheduler-option",
                                 "d=[1, 2]", "--scheduler-option",
                                 "e=x=y",    "--width",
                                 "64",       "--height",
                                 "128",      "--n",
                                 "3",        "--lora",
                                 "one",      "--lora",
                                 "two:0.8",  "--lora",
                                 "a:b:-1",   "--clip-skip",
                                 "2",        "--backend",
                                 "quick",    "--config",
                                 "c.yaml",   "--models",
                                 "m",        "--out",
                                 "cat.png"});
  CHECK(line.command == Command::generate);
  CHECK(line.config_file == "c.yaml");
  CHECK(line.models_directory == "m");
  CHECK(line.backend == "quick");
  CHECK(line.out == "cat.png");
  const GenerateRequest& request = line.request;
  CHECK(request.model == "sd/m");
  CHECK(request.prompt == "a cat");
  CHECK(request.negative_prompt == "dogs");
  CHECK(request.seed == 0);
  CHECK(request.steps == 12);
  CHECK(request.guidance_scale == 6.5);
  CHECK(request.guidance_rescale == 0.7);
  CHECK(request.scheduler == "walk");
  CHECK(request.scheduler_options == Json({{"a", true}, {"b", 0.5}, {"c", "text"}, {"d", {1, 2}}, {"e", "x=y"}}));
  CHECK(request.width == 64);
  CHECK(request.height == 128);
  CHECK(request.n == 3);
  CHECK(request.clip_skip == 2);
  REQUIRE(request.loras.size() == 3);
  CHECK(request.loras[0].name == "one");
  CHECK(request.loras[0].strength == 1);
  CHECK(request.loras[1].name == "two");
  CHECK(request.loras[1].strength == 0.8);
  CHECK(request.loras[2].name == "a:b");
  CHECK(request.loras[2].strength == -1);
}

TEST_CASE("what is not given is absent, so that the configuration can say it") {
  const CommandLine line = read(generate_with({}));
  CHECK(write_generate_request(line.request) == [] {
    GenerateRequest request;
    request.prompt = "a cat";
    return write_generate_request(request);
  }());
  CHECK(line.config_file.empty());
  CHECK(line.models_directory.empty());
  CHECK(line.backend.empty());
}

TEST_CASE("text is taken as it is typed") {
  for (const std::string& text : Words{"", "--steps", "-x", "[a, b]", "{}", "a=b", "a \"quoted\" word", "<lora:x:0.5>",
                                       "%s \\n", "\xC3\xA9\xF0\x9F\x90\xB1"}) {
    INFO(text);
    CHECK(read({"generate", "--out", "cat.png", "--prompt", text}).request.prompt == text);
    CHECK(read({"generate", "--out", "cat.png", "--prompt", "x", "--lora", "[" + text + "]:2"})
              .request.loras.at(0)
              .name == "[" + text + "]");
  }
  CHECK(read({"generate", "--prompt=", "--out=cat.png"}).request.prompt.empty());
  CHECK(read({"generate", "--prompt=a=b", "--out=cat.png"}).request.prompt == "a=b");
}

TEST_CASE("a picture stands in for the prompt, and what was typed beside it is known") {
  const CommandLine line = read({"generate", "--from", "cat.png", "--steps", "12", "--out", "again.png"});
  CHECK(line.from == "cat.png");
  CHECK(line.given == Words{"steps"});
  CHECK(read({"show", "cat.png", "--json"}).target == "cat.png");
}

TEST_CASE("the long names of the request's fields are options too") {
  const CommandLine line = read(generate_with({"--negative-prompt", "dogs", "--guidance-scale", "3"}));
  CHECK(line.request.negative_prompt == "dogs");
  CHECK(line.request.guidance_scale == 3);
}

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
}

TEST_CASE("every fault of a command line is told at once, with the option that it belongs to") {
  const std::string text = refusal({"generate",
                                    "--steps",
                                    "0",
                                    "--n",
                                    "many",
                                    "--seed",
                                    "-2",
                                    "--guidance",
                                    "nan",
                                    "--clip-skip",
                                    "1.5",
                                    "--width",
                                    "99999999999999999999",
                                    "--lora",
                                    ":1",
                                    "--lora",
                                    "x:y",
                                    "--scheduler-option",
                                    "k",
                                    "--out",
                                    "cat.jpg"});
  INFO(text);
  CHECK(says(text, "\n  --steps: must be an integer from 1 to 1000, got 0\n"));
  CHECK(says(text, "\n  --n: must be an integer from 1 to 100, got \"many\"\n"));
  CHECK(says(text, "\n  --seed: must be an integer from -1 to 9007199254740991, got -2\n"));
  CHECK(says(text, "\n  --guidance: must be a number from 0 to 100, got \"nan\"\n"));
  CHECK(says(text, "\n  --clip-skip: must be an integer from 0 to 100, got \"1.5\"\n"));
  CHECK(says(text, "\n  --width: must be an integer from 8 to 8192 (pixels), got \"99999999999999999999\"\n"));
  CHECK(says(text, "\n  --lora: names no LoRA"));
  CHECK(says(text, "\n  --lora: must be NAME or NAME:STRENGTH with a number after the last colon, got 'x:y'\n"));
  CHECK(says(text, "\n  --scheduler-option: must be KEY=VALUE, got 'k'\n"));
  CHECK(says(text, "\n  --prompt: is missing"));
  CHECK(says(text, "\n  --out: pictures are written as PNG"));
  CHECK(says(text, "See alice generate --help."));
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

TEST_CASE("a place where no picture can be written is refused before anything is computed") {
  TempFolder folder;
  CHECK(says(refusal({"generate", "--prompt", "x", "--out", folder.path().string()}), "must name a file"));
  CHECK(says(refusal({"generate", "--prompt", "x", "--out", folder.path().string() + "/"}), "must name a file"));
  CHECK(
      says(refusal({"generate", "--prompt", "x", "--out", (folder / "none/cat.png").string()}), "there is no folder"));
  CHECK(says(refusal({"generate", "--prompt", "x", "--out", (folder / "cat.JPEG").string()}), "must end in .png"));
  for (const char* name : {"cat.png", "cat.PNG", "v1.5"})
    CHECK(read({"generate", "--prompt", "x", "--out", (folder / name).string()}).out == (folder / name).string());
  CHECK(read({"generate", "--prompt", "x", "-o", (folder / "cat").string()}).out == (folder / "cat.png").string());
}

TEST_CASE("generate is typed as people type it") {
  const CommandLine line = read({"generate", "a cat", "--size", "512x768", "-q"});
  CHECK(line.request.prompt == "a cat");
  CHECK(line.request.width == 512);
  CHECK(line.request.height == 768);
  CHECK(line.quiet);
  CHECK(line.out.empty());
  CHECK(read({"generate", "-p", "a cat", "-o", "-"}).out == "-");
  CHECK(says(refusal({"generate", "a", "cat"}), "cat: is a word too many; text with blanks needs quotes around it"));
  CHECK(says(refusal({"generate", "--prompt", "a", "cat"}), "cat: is a word too many"));
  CHECK(says(refusal({"generate", "a cat", "-o", "-", "--n", "2"}), "standard output takes one picture"));
  for (const char* size : {"512", "512x", "x", "axb", "512x768x3"}) {
    CAPTURE(size);
    refusal({"generate", "a cat", "--size", size});
  }
  CHECK(says(refusal({"generate", "a cat", "--size", "64x64", "--width", "64"}), "in place of --width and --height"));
}

TEST_CASE("options have other tools' names, too") {
  const CommandLine line = read({"generate", "a cat", "--cfg-scale", "4.5", "--sampler=walk", "--num-inference-steps", "9"});
  CHECK(line.request.guidance_scale == 4.5);
  CHECK(line.request.scheduler == "walk");
  CHECK(line.request.steps == 9);
  CHECK_FALSE(read({"generate", "a cat", "--seed", "-1"}).request.seed.has_value());
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

TEST_CASE("pictures without a name are called after prompt and seed, and none is written over") {
  const TempFolder folder;
  std::filesystem::current_path(folder.path());
  CHECK(chosen_name("A rocket, on blue!", 7, 1) == "a-rocket-on-blue-7.png");
  CHECK(chosen_name("  ", 7, 1) == "picture-7.png");
  CHECK(chosen_name("eine Kr\xc3\xb6te", 1, 1) == "eine-kr\xc3\xb6te-1.png");
  CHECK(chosen_name(std::string(300, 'x'), 1, 1).size() < 60);
  CHECK(chosen_name("../../etc/passwd", 1, 1) == "etc-passwd-1.png");
  for (const char* there : {"a-cat-7.png", "a-cat-7-2-1.png"}) std::ofstream(there) << "x";
  CHECK(chosen_name("a cat", 7, 1) == "a-cat-7-2.png");
  CHECK(chosen_name("a cat", 7, 2) == "a-cat-7.png");      // a-cat-7-0.png and -1
  std::ofstream("a-cat-7-0.png") << "x";
  CHECK(chosen_name("a cat", 7, 2) == "a-cat-7-3.png");
  std::filesystem::current_path("/");
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

TEST_CASE("the commands that the server and bench start are not shown to people") {
  CHECK(read({"work"}).command == Command::work);
  CHECK(read({"bench-subject", "--model", "m", "--backend", "b", "--size", "64"}).command == Command::bench_subject);
  for (const char* name : {"\n  work", "\n  bench-subject"}) CHECK_FALSE(says(parse({"--help"}).answer->text, name));
  CHECK_FALSE(says(refusal({"wrk"}), "work'"));
  CHECK_FALSE(says(refusal({"bench-subjct", "--model", "m"}), "bench-subject"));
}

TEST_CASE("several pictures are numbered before the extension") {
  CHECK(picture_file("a/cat.png", 0, 1) == "a/cat.png");
  CHECK(picture_file("a/cat.png", 0, 2) == "a/cat-0.png");
  CHECK(picture_file("a.b/cat.big.png", 12, 20) == "a.b/cat.big-12.png");
  CHECK(picture_file("cat", 1, 2) == "cat-1");
}

TEST_CASE("the exit code follows from the kind of error") {
  CHECK(exit_code_of(ErrorCode::bad_request) == kExitUsage);
  CHECK(exit_code_of(ErrorCode::bad_config) == kExitConfig);
  CHECK(exit_code_of(ErrorCode::cancelled) == kExitInterrupted);
  for (ErrorCode code : {ErrorCode::not_found, ErrorCode::bad_weights, ErrorCode::unsupported, ErrorCode::out_of_memory,
                         ErrorCode::busy, ErrorCode::internal})
    CHECK(exit_code_of(code) == kExitFailed);
}

TEST_CASE("plugin new wants a name and a kind, and says which kinds there are") {
  const CommandLine line = read({"plugin", "new", "my_sampler", "--kind", "scheduler", "--into", "there"});
  CHECK(line.command == Command::plugin_new);
  CHECK(line.target == "my_sampler");
  CHECK(line.kind == "scheduler");
  CHECK(line.into == "there");
  CHECK(read({"plugin", "new", "x2", "--kind", "vae"}).into == ".");
  CHECK(
      says(refusal({"plugin", "new", "x2"}), "--kind: is missing: scheduler, text_encoder, unet, vae, lora_format or"));
  CHECK(says(refusal({"plugin", "new", "x2", "--kind", "shceduler"}), "did you mean 'scheduler'"));
  CHECK(says(refusal({"plugin", "new", "x2", "--kind", "vae", "--into="}), "--into: must name a folder"));
  CHECK(says(refusal({"plugin", "new", "--kind", "vae"}), "NAME"));
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
