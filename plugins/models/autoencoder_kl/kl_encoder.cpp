#include "plugins/models/autoencoder_kl/kl_encoder.h"

namespace alice::kl {
namespace {

// The map is padded with one row and column of zeros at the right and the bottom only, so the convolution itself pads
// nothing.
constexpr Conv2dShape kHalving{2, 0};

}  // namespace

Encoder::Encoder(const KlConfig& config, const ModelWeights& weights)
    : conv_in_(weights.conv2d("encoder.conv_in", {1, 1})),
      mid_("encoder.mid_block.", weights, config),
      norm_out_(read_norm("encoder.conv_norm_out", weights, config.norm_num_groups)),
      conv_out_(weights.conv2d("encoder.conv_out", {1, 1})) {
  for (int64_t i = 0; i < config.levels(); ++i) {
    const std::string module = "encoder.down_blocks." + std::to_string(i) + ".";
    Level level;
    for (int64_t j = 0; j < config.layers_per_block; ++j)
      level.resnets.emplace_back(module + "resnets." + std::to_string(j) + ".", weights, config.norm_num_groups);
    if (i + 1 < config.levels()) level.downsample = weights.conv2d(module + "downsamplers.0.conv", kHalving);
    levels_.push_back(std::move(level));
  }
  if (config.use_quant_conv) quant_conv_ = weights.conv2d("quant_conv", {1, 0});
}

Tensor Encoder::operator()(const Backend& backend, const Tensor& pixels) const {
  Tensor h = backend.conv2d(pixels, *conv_in_, {1, 1});
  for (const Level& level : levels_) {
    for (const ResnetBlock& resnet : level.resnets) h = resnet(backend, std::move(h));
    if (level.downsample) h = backend.conv2d(at::constant_pad_nd(h, {0, 1, 0, 1}), *level.downsample, kHalving);
  }
  h = norm_conv2d(backend, mid_(backend, h), norm_out_, *conv_out_, {1, 1});
  return quant_conv_ ? backend.conv2d(h, *quant_conv_, {1, 0}) : h;
}

}  // namespace alice::kl
