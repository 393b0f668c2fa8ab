#include "plugins/models/unet2d/unet_blocks.h"

namespace alice::unet2d {

ResnetBlock::ResnetBlock(const std::string& module, const ModelWeights& weights, const UNetConfig& config)
    : groups_(config.norm_num_groups),
      eps_(config.norm_eps),
      norm1_weight_(weights.tensor(module + ".norm1.weight")),
      norm1_bias_(weights.tensor(module + ".norm1.bias")),
      norm2_weight_(weights.tensor(module + ".norm2.weight")),
      norm2_bias_(weights.tensor(module + ".norm2.bias")),
      conv1_(weights.conv2d(module + ".conv1", {1, 1})),
      conv2_(weights.conv2d(module + ".conv2", {1, 1})),
      time_(weights.linear(module + ".time_emb_proj")) {
  if (weights.contains(module + ".conv_shortcut.weight")) shortcut_ = weights.conv2d(module + ".conv_shortcut", {1, 0});
}

Tensor ResnetBlock::operator()(const Backend& backend, const Tensor& x, const Tensor& time) const {
  Tensor h = backend.group_norm(x, groups_, norm1_weight_, norm1_bias_, eps_, Activation::silu);
  h = backend.conv2d(h, *conv1_, {1, 1});
  h = h + backend.linear(time, *time_).unsqueeze(-1).unsqueeze(-1);
  h = backend.group_norm(h, groups_, norm2_weight_, norm2_bias_, eps_, Activation::silu);
  const Tensor kept = shortcut_ ? backend.conv2d(x, *shortcut_, {1, 0}) : x;
  return backend.conv2d(h, *conv2_, {1, 1}, {Activation::none, kept});
}

Downsample::Downsample(const std::string& module, const ModelWeights& weights, int64_t padding)
    : shape_{2, padding}, conv_(weights.conv2d(module + ".conv", shape_)) {}

Tensor Downsample::operator()(const Backend& backend, const Tensor& x) const {
  return backend.conv2d(shape_.padding == 0 ? at::constant_pad_nd(x, {0, 1, 0, 1}) : x, *conv_, shape_);
}

Tensor Upsample::operator()(const Backend& backend, const Tensor& x, int64_t height, int64_t width) const {
  return backend.conv2d(at::upsample_nearest2d(x, {height, width}), *conv_, {1, 1});
}

}  // namespace alice::unet2d
