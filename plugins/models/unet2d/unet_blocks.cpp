#include "plugins/models/unet2d/unet_blocks.h"

namespace alice::unet2d {
GroupNorm read_norm(const std::string& module, const ModelWeights& weights, const UNetConfig& config) {
  return {config.norm_num_groups,
          weights.tensor(module + ".weight"),
          weights.tensor(module + ".bias"),
          config.norm_eps,
          Activation::silu,
          Tensor()};
}

ResnetBlock::ResnetBlock(const std::string& module, const ModelWeights& weights, const UNetConfig& config)
    : norm1_(read_norm(module + ".norm1", weights, config)),
      norm2_(read_norm(module + ".norm2", weights, config)),
      conv1_(weights.conv2d(module + ".conv1", {1, 1})),
      conv2_(weights.conv2d(module + ".conv2", {1, 1})),
      time_(weights.linear(module + ".time_emb_proj")) {
  if (weights.contains(module + ".conv_shortcut.weight")) shortcut_ = weights.conv2d(module + ".conv_shortcut", {1, 0});
}

Tensor ResnetBlock::operator()(const Backend& backend, const Tensor& x, const Tensor& time) const {
  const Tensor h = norm_conv2d(backend, x, norm1_, *conv1_, {1, 1});
  GroupNorm norm2 = norm2_;
  norm2.added = backend.linear(time, *time_);
  const Tensor kept = shortcut_ ? backend.conv2d(x, *shortcut_, {1, 0}) : x;
  return norm_conv2d(backend, h, norm2, *conv2_, {1, 1}, {Activation::none, kept});
}

Downsample::Downsample(const std::string& module, const ModelWeights& weights, int64_t padding)
    : shape_{2, padding}, conv_(weights.conv2d(module + ".conv", shape_)) {}

Tensor Downsample::operator()(const Backend& backend, const Tensor& x) const {
  return backend.conv2d(shape_.padding == 0 ? at::constant_pad_nd(x, {0, 1, 0, 1}) : x, *conv_, shape_);
}

Tensor Upsample::operator()(const Backend& backend, const Tensor& x, int64_t height, int64_t width) const {
  if (height == 2 * x.size(2) && width == 2 * x.size(3)) return upsample_conv2d(backend, x, *doubling_);
  return backend.conv2d(at::upsample_nearest2d(x, {height, width}), *weights_.conv2d(conv_, {1, 1}), {1, 1});
}

}  // namespace alice::unet2d
