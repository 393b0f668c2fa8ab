// What `alice generate` is told, and what its files are called.

#include <filesystem>
#include <fstream>

#include "server/cli/picture_names.h"
#include "tests/cli/parsed.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

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
  CHECK(line.given == Words{"steps", "output_format"});  // by the ending
  CHECK(read({"show", "cat.png", "--json"}).target == "cat.png");
}

TEST_CASE("the long names of the request's fields are options too") {
  const CommandLine line = read(generate_with({"--negative-prompt", "dogs", "--guidance-scale", "3"}));
  CHECK(line.request.negative_prompt == "dogs");
  CHECK(line.request.guidance_scale == 3);
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
                                    "cat.gif"});
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

TEST_CASE("a place where no picture can be written is refused before anything is computed") {
  TempFolder folder;
  CHECK(says(refusal({"generate", "--prompt", "x", "--out", folder.path().string()}), "must name a file"));
  CHECK(says(refusal({"generate", "--prompt", "x", "--out", folder.path().string() + "/"}), "must name a file"));
  CHECK(
      says(refusal({"generate", "--prompt", "x", "--out", (folder / "none/cat.png").string()}), "there is no folder"));
  CHECK(says(refusal({"generate", "--prompt", "x", "--out", (folder / "cat.GIF").string()}),
             "must end in .png, .jpg or .webp"));
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
  const CommandLine line =
      read({"generate", "a cat", "--cfg-scale", "4.5", "--sampler=walk", "--num-inference-steps", "9"});
  CHECK(line.request.guidance_scale == 4.5);
  CHECK(line.request.scheduler == "walk");
  CHECK(line.request.steps == 9);
  CHECK_FALSE(read({"generate", "a cat", "--seed", "-1"}).request.seed.has_value());
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

TEST_CASE("several pictures are numbered before the extension") {
  CHECK(picture_file("a/cat.png", 0, 1) == "a/cat.png");
  CHECK(picture_file("a/cat.png", 0, 2) == "a/cat-0.png");
  CHECK(picture_file("a.b/cat.big.png", 12, 20) == "a.b/cat.big-12.png");
  CHECK(picture_file("cat", 1, 2) == "cat-1");
}
