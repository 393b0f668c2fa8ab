// Swapping a part is an edit of config.yaml alone: the same program with different configurations.

#include <sstream>

#include "core/io/images.h"
#include "tests/host/tiny_decoder.h"
#include "tests/support/catch.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;
namespace fs = std::filesystem;

namespace {

const std::string kModels = std::string(ALICE_TEST_DATA) + "/goldens/models";

/// A picture made with `config` by the program that people run.
Tensor picture(const TempFolder& folder, const std::string& name, const std::string& config) {
  const auto file = folder.write(name + ".yaml", config);
  const auto png = folder / (name + ".png");
  const Outcome outcome =
      run_program("cd / && " ALICE_BUILD_DIR "/alice generate --config " + file.string() +
                  " --model sd/subject --prompt 'a cat' --seed 3 --steps 3 --width 128 --height 128 --out " +
                  png.string() + " 2>&1");
  INFO(outcome.output);
  REQUIRE(outcome.exit_code == 0);
  return read_png(png).image;
}

std::string config_with(const std::string& model_lines, const std::string& top_lines = "") {
  return "models:\n  sd/subject:\n    source: " + kModels + "/tiny_sd15\n" + model_lines + top_lines;
}

}  // namespace

TEST_CASE("scheduler, VAE and backend are swapped in config.yaml alone") {
  const TempFolder folder;
  const Tensor plain = picture(folder, "plain", config_with(""));
  CHECK(picture(folder, "again", config_with("")).equal(plain));

  SECTION("another scheduler makes another picture") {
    const Tensor heun = picture(folder, "heun", config_with("    scheduler: heun\n"));
    CHECK_FALSE(heun.equal(plain));
    const Tensor karras =
        picture(folder, "karras", config_with("    scheduler: {plugin: heun, options: {use_karras_sigmas: true}}\n"));
    CHECK_FALSE(karras.equal(heun));
  }
  SECTION("another VAE makes another picture of the same size") {
    write_tiny_decoder(folder / "tiny_decoder.safetensors");
    const Tensor tiny = picture(folder, "tiny",
                                config_with("    vae: {plugin: tiny_autoencoder, source: " +
                                            (folder / "tiny_decoder.safetensors").string() + "}\n"));
    CHECK(tiny.sizes() == plain.sizes());
    CHECK_FALSE(tiny.equal(plain));
  }
  SECTION("another backend does the work") {
    const auto report = folder / "calls.txt";
    const Tensor counted =
        picture(folder, "counted",
                config_with("    backend: counter\n", "plugins: [default, " ALICE_BUILD_DIR
                                                      "/tests/plugins/counting-backend.so]\n"
                                                      "backends:\n  counter: {plugin: counting, options: {report: " +
                                                          report.string() + "}}\n"));
    CHECK(counted.equal(picture(folder, "reference", config_with("", "generation: {backend: cpu}\n"))));
    std::istringstream lines(bytes_of(report));
    std::string kernel;
    int64_t calls = 0, kernels = 0;
    for (; lines >> kernel >> calls; ++kernels) {
      INFO(kernel);
      CHECK(calls > 0);
    }
    CHECK(kernels == 3);
  }
}

TEST_CASE("what a configuration names and cannot be had fails its check, with its place") {
  const TempFolder folder;
  fs::create_directories(folder / "models/broken");
  folder.write("models/broken/model_index.json", "{}");
  const auto check = [&](const std::string& config, const std::string& variables = "") {
    const auto file = folder.write("config.yaml", config);
    return run_program(variables + " " ALICE_BUILD_DIR "/alice check config --config " + file.string() + " --models " +
                       (folder / "models").string() + " 2>&1");
  };
  const Outcome sound = check("generation: {default_scheduler: euler, backend: cpu}\n");
  INFO(sound.output);
  CHECK(sound.exit_code == 0);
  CHECK(sound.output.find("skipped model/sd/broken: ") != std::string::npos);  // found, not named
  CHECK(sound.output.find("read    " + (folder / "config.yaml").string()) != std::string::npos);

  const std::string refused = folder.write("text.so", "no library").string();
  const auto subject = [](const std::string& lines) { return config_with("    " + lines + "\n"); };
  struct Case {
    std::string config, line, variables;
  };
  const std::vector<Case> cases = {
      {"models: {default_model: sd/emojii}\n", ":1:25: models.default_model: there is no model 'sd/emojii'", ""},
      {"generation: {default_scheduler: eular}\n", ":1:33: there is no scheduler 'eular' (did you mean 'euler'?)", ""},
      {"generation: {backend: onedn}\n", ":1:23: there is no backend 'onedn' (did you mean 'onednn'?)", ""},
      {"backends: {fast: {plugin: onednn, options: {dtype: fp16}}}\n", ":1:45: must be one of", ""},
      {"backends: {fast: onedn, slow: cpu}\ngeneration: {backend: slow}\n", "there is no backend 'onedn'", ""},
      {"", "ALICE_BACKEND: there is no backend 'cuda'", "ALICE_BACKEND=cuda"},
      {"models: {sd/broken: {}}\n", "FAILED  model/sd/broken: ", ""},
      {"plugins: [default, " + refused + "]\n", "FAILED  plugin/" + refused, ""},
      {"workers: {apart: {models: [sd/broken], plugins: [" + refused + "]}}\n", "FAILED  plugin/" + refused, ""},
      {subject("scheduler: eular"), "FAILED  model/sd/subject: ", ""},
      {subject("scheduler: {plugin: euler, options: {use_karas: true}}"), "use_karas", ""},
      {subject("vae: {source: /nope}"), "FAILED  model/sd/subject: ", ""},
      {subject("vae: {options: {tiles: 3}}"), "tiles", ""},
      {subject("defaults: {scheduler: eular}"), "there is no scheduler 'eular'", ""},
      {"generation: {default_steps: 0, default_scheduler: eular}\n", ":1:29: generation.default_steps: must", ""},
      {"generation: {default_steps: 0, default_scheduler: eular}\n", "there is no scheduler 'eular'", ""},
  };
  for (const Case& one : cases) {
    INFO(one.config);
    const Outcome outcome = check(one.config, one.variables);
    INFO(outcome.output);
    CHECK(outcome.exit_code == 3);
    CHECK(outcome.output.find(one.line) != std::string::npos);
  }
}

TEST_CASE("a configuration that is shown is one, and names what a model is composed of") {
  const TempFolder folder;
  const std::string scheduler = "    scheduler: {plugin: heun, options: {use_karras_sigmas: true}}\n";
  const auto file = folder.write("config.yaml", config_with(scheduler));
  const auto shown = [&](const std::string& words, const fs::path& config) {
    return run_program(ALICE_BUILD_DIR "/alice config " + words + " --config " + config.string() + " 2>&1");
  };
  const Outcome model = shown("show --model sd/subject", file);
  INFO(model.output);
  CHECK(model.exit_code == 0);
  for (const char* part : {"\"plugin\":\"heun\"", "\"use_karras_sigmas\":true", "unet: {\"plugin\":", "defaults: {"})
    CHECK(model.output.find(part) != std::string::npos);
  CHECK(shown("show --model sd/subject", folder.write("shown.yaml", model.output)).exit_code == 0);
  CHECK(shown("path", file).output.find("config.yaml  (named by --config)") != std::string::npos);

  const Outcome explained = shown("explain sd/subject", file);
  INFO(explained.output);
  for (const char* part : {"scheduler use_karras_sigmas", "default steps", "default guidance_scale", "worker group",
                           "LoRAs", "computes"})
    CHECK(explained.output.find(part) != std::string::npos);
}

TEST_CASE("a refused plugin is shown, and what needs it is unavailable, with the reason") {
  const TempFolder folder;
  const auto config = folder.write(
      "config.yaml", config_with("", "plugins: [default, " + folder.write("text.so", "no library").string() + "]\n"));
  const Outcome plugins = run_program(ALICE_BUILD_DIR "/alice plugins --config " + config.string() + " 2>/dev/null");
  CHECK(plugins.exit_code == 1);
  CHECK(plugins.output.find("refused: ") != std::string::npos);
  CHECK(plugins.output.find("no shared library") != std::string::npos);

  const auto without = folder.write(
      "without.yaml", config_with("", "plugins: [" + folder.write("other.so", "no library").string() + "]\n"));
  const Outcome models = run_program(ALICE_BUILD_DIR "/alice models --config " + without.string() + " 2>/dev/null");
  CHECK(models.output.find("sd/subject") != std::string::npos);
  CHECK(models.output.find("unavailable: ") != std::string::npos);
}
