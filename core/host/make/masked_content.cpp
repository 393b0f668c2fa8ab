#include "core/host/make/masked_content.h"

#include "core/io/resample.h"

namespace alice {
namespace {

struct Layer {
  double radius;
  int times;
};
constexpr Layer kLayers[] = {{256, 1}, {64, 1}, {16, 2}, {4, 4}, {2, 2}, {0, 1}};

}  // namespace

Tensor filled(const Tensor& picture, const Tensor& mask) {
  const Tensor kept = (255 - mask.to(at::kInt)).unsqueeze(2);
  // Colours times opacity, and the opacity: what is blurred together stays in proportion.
  const Tensor colours = (picture.to(at::kInt) * kept + 127).div(255, "floor");
  const Tensor source = at::cat({colours, kept}, 2).to(at::kByte);
  Tensor colour = at::zeros({picture.size(0), picture.size(1), 3});
  Tensor opacity = at::zeros({picture.size(0), picture.size(1), 1});
  for (const Layer& layer : kLayers) {
    const Tensor blurred = blur(source, layer.radius).to(at::kFloat).div(255);
    const Tensor over = blurred.narrow(2, 0, 3), share = blurred.narrow(2, 3, 1);
    for (int time = 0; time < layer.times; ++time) {
      colour = over + colour * (1 - share);
      opacity = share + opacity * (1 - share);
    }
  }
  const Tensor whole = at::where(opacity > 0, colour / opacity.clamp_min(1e-6), at::zeros_like(colour));
  return whole.mul(255).round().clamp(0, 255).to(at::kByte);
}

}  // namespace alice
