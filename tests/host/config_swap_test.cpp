// Swapping a part is an edit of config.yaml alone: the same program with different configurations.

#include <sstream>

#include "core/io/images.h"
#include "core/io/safetensors_writer.h"
#include "tests/support/catch.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

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

/// A decoder in TAESD's layout with random weights: 4 channels to 3, times 8.
void write_tiny_decoder(const std::filesystem::path& file) {
  at::manual_seed(5);
  std::map<std::string, Tensor> tensors;
  const auto convolution = [&](const std::string& name, int64_t out, int64_t in, bool bias) {
    tensors[name + ".weight"] = at::randn({out, in, 3, 3}) * std::sqrt(1.0 / static_cast<double>(9 * in));
    if (bias) tensors[name + ".bias"] = at::randn({out}) * 0.1;
  };
  convolution("1", 64, 4, true);
  for (int block : {3, 4, 5, 8, 9, 10, 13, 14, 15, 18})
    for (int layer : {0, 2, 4}) convolution(std::to_string(block) + ".conv." + std::to_string(layer), 64, 64, true);
  for (int up : {7, 12, 17}) convolution(std::to_string(up), 64, 64, false);
  convolution("19", 3, 64, true);
  write_safetensors(file, tensors, {});
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
    CHECK(counted.equal(plain));
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

TEST_CASE("a refused plugin is no config fault: what needs it is unavailable, with the reason") {
  const TempFolder folder;
  const auto config = folder.write(
      "config.yaml", config_with("", "plugins: [default, " + folder.write("text.so", "no library").string() + "]\n"));
  CHECK(run_program(ALICE_BUILD_DIR "/alice check config --config " + config.string() + " 2>/dev/null").exit_code == 0);
  const Outcome plugins = run_program(ALICE_BUILD_DIR "/alice plugins --config " + config.string() + " 2>/dev/null");
  CHECK(plugins.output.find("refused: ") != std::string::npos);
  CHECK(plugins.output.find("no shared library") != std::string::npos);

  const auto without = folder.write(
      "without.yaml", config_with("", "plugins: [" + folder.write("other.so", "no library").string() + "]\n"));
  const Outcome models = run_program(ALICE_BUILD_DIR "/alice models --config " + without.string() + " 2>/dev/null");
  CHECK(models.output.find("sd/subject") != std::string::npos);
  CHECK(models.output.find("unavailable: ") != std::string::npos);
}
