#pragma once
// Requests that are ready to run, drawn: whole, and broken off.

#include "tests/host/models.h"
#include "tests/support/catch.h"

namespace alice::test {

/// u8 [H, W, 3] each.
inline std::vector<Tensor> made(const PreparedRequest& prepared, const WrapDenoise& wrap = nullptr) {
  std::vector<Tensor> images;
  GenerateHooks hooks;
  hooks.on_image = [&](const GeneratedImage& image) { images.push_back(image.pixels); };
  hooks.wrap_denoise = wrap;
  std::vector<std::string> warnings;
  generate(*prepared.model, prepared.settings, hooks, warnings);
  return images;
}

/// Draws the one picture, and again after each of its network's calls, whose answers before are known by then.
inline void check_goes_on(const PreparedRequest& prepared) {
  std::vector<Tensor> known;
  const Tensor whole = made(prepared, [&](Denoise network) {
    return [&, network](const Tensor& x, const Level& level) {
      known.push_back(network(x, level));
      return known.back();
    };
  }).at(0);
  for (size_t count = 1; count <= known.size(); ++count) {
    INFO("broken off after " << count << " calls");
    size_t asked = 0;
    const Tensor again = made(prepared, [&](Denoise network) {
      return [&, network](const Tensor& x, const Level& level) {
        return asked++ < count ? known[asked - 1] : network(x, level);
      };
    }).at(0);
    CHECK(again.equal(whole));
  }
}

}  // namespace alice::test
