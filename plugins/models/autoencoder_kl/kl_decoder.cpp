#include "plugins/models/autoencoder_kl/kl_decoder.h"

namespace alice::kl {

Decoder::Decoder(const KlConfig& config, const ModelWeights& weights)
    : conv_in_(weights.conv2d("decoder.conv_in", {1, 1})),
      mid_("decoder.mid_block.", weights, config),
      norm_out_(read_norm("decoder.conv_norm_out", weights, config.norm_num_groups)),
      conv_out_(weights.conv2d("decoder.conv_out", {1, 1})) {
  if (config.use_post_quant_conv) post_quant_conv_ = weights.conv2d("post_quant_conv", {1, 0});
  for (int64_t i = 0; i < config.levels(); ++i) {
    const std::string module = "decoder.up_blocks." + std::to_string(i) + ".";
    Level level;
    for (int64_t j = 0; j <= config.layers_per_block; ++j)
      level.resnets.emplace_back(module + "resnets." + std::to_string(j) + ".", weights, config.norm_num_groups);
    if (i + 1 < config.levels()) level.upsample = weights.upsample_conv2d(module + "upsamplers.0.conv");
    levels_.push_back(std::move(level));
  }
}

Tensor Decoder::operator()(const Backend& backend, const Tensor& latents) const {
  Tensor h = post_quant_conv_ ? backend.conv2d(latents, *post_quant_conv_, {1, 0}) : latents;
  h = mid_(backend, backend.conv2d(h, *conv_in_, {1, 1}));
  for (const Level& level : levels_) {
    for (const ResnetBlock& resnet : level.resnets) h = resnet(backend, std::move(h));
    if (level.upsample) h = upsample_conv2d(backend, h, *level.upsample);
  }
  return norm_conv2d(backend, h, norm_out_, *conv_out_, {1, 1});
}

}  // namespace alice::kl
