// Whole pictures of the small golden model: every fast backend in float32 gives the plain one's, and in less the same
// pictures but for noise.

#include <filesystem>
#include <optional>

#include "core/io/images.h"
#include "tests/support/catch.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

/// Two pictures, of one request, made by `backend`. Nothing where the processor lacks the dtype.
std::optional<Tensor> pictures(const TempFolder& folder, const std::string& backend, const std::string& dtype,
                               const std::string& size) {
  const std::string name = backend + "-" + dtype;
  const auto config =
      folder.write(name + ".yaml", "backends:\n  tested: {plugin: " + backend + ", options: {dtype: " + dtype +
                                       "}}\ngeneration: {backend: tested}\n");
  const auto png = folder / (name + ".png");
  const Outcome outcome = run_program(ALICE_BUILD_DIR "/alice-worker generate --config " + config.string() +
                                      " --model " ALICE_TEST_DATA
                                      "/goldens/models/tiny_sd15 --prompt 'a cat' --seed 3"
                                      " --steps 4 --n 2 " +
                                      size + " --out " + png.string() + " 2>&1");
  INFO(outcome.output);
  if (dtype != "float32" && outcome.output.find("needs a processor with") != std::string::npos) return std::nullopt;
  REQUIRE(outcome.exit_code == 0);
  return at::stack({read_png(folder / (name + "-0.png")).image, read_png(folder / (name + "-1.png")).image});
}

/// Peak signal to noise of 8-bit pictures, in dB.
double psnr(const Tensor& picture, const Tensor& reference) {
  const double error = (picture.to(at::kDouble) - reference.to(at::kDouble)).square().mean().item<double>();
  return 10 * std::log10(255 * 255 / std::max(error, 1e-12));
}

}  // namespace

TEST_CASE("a fast backend's pictures in float32 are the plain backend's, 60 dB or more") {
  for (const std::string fast : {"onednn"}) {
    if (!std::filesystem::exists(ALICE_BUILD_DIR "/plugins/alice-backend-" + fast + ".so")) continue;
    for (const std::string size : {"--width 128 --height 128", "--width 96 --height 200"}) {
      CAPTURE(fast, size);
      const TempFolder folder;
      CHECK(psnr(*pictures(folder, fast, "float32", size), *pictures(folder, "cpu", "float32", size)) >= 60);
    }
  }
}

TEST_CASE("pictures in less than float32 are the same but for noise, 30 dB or more") {
  if (!std::filesystem::exists(ALICE_BUILD_DIR "/plugins/alice-backend-onednn.so")) return;
  const std::string size = "--width 128 --height 96";
  const TempFolder folder;
  const Tensor reference = *pictures(folder, "onednn", "float32", size);
  for (const std::string dtype : {"bfloat16", "int8"}) {
    CAPTURE(dtype);
    if (const auto drawn = pictures(folder, "onednn", dtype, size)) CHECK(psnr(*drawn, reference) >= 30);
  }
}
