// Whole pictures of the small golden model: every fast backend in float32 gives the plain one's.

#include <filesystem>

#include "core/io/images.h"
#include "tests/support/catch.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

/// Two pictures, of one request, made by `backend` in float32.
Tensor pictures(const TempFolder& folder, const std::string& backend, const std::string& size) {
  const auto config =
      folder.write(backend + ".yaml", "backends:\n  tested: {plugin: " + backend +
                                          ", options: {dtype: float32}}\ngeneration: {backend: tested}\n");
  const auto png = folder / (backend + ".png");
  const Outcome outcome = run_program(ALICE_BUILD_DIR "/alice-worker generate --config " + config.string() +
                                      " --model " ALICE_TEST_DATA
                                      "/goldens/models/tiny_sd15 --prompt 'a cat' --seed 3"
                                      " --steps 4 --n 2 " +
                                      size + " --out " + png.string() + " 2>&1");
  INFO(outcome.output);
  REQUIRE(outcome.exit_code == 0);
  return at::stack({read_png(folder / (backend + "-0.png")).image, read_png(folder / (backend + "-1.png")).image});
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
      CHECK(psnr(pictures(folder, fast, size), pictures(folder, "cpu", size)) >= 60);
    }
  }
}
