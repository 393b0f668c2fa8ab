#include "plugins/models/autoencoder_kl/kl_blocks.h"

#include <cmath>

namespace alice::kl {

GroupNorm read_norm(const std::string& module, const ModelWeights& weights, int64_t groups) {
  return {groups,  weights.tensor(module + ".weight"), weights.tensor(module + ".bias"), kNormEps, Activation::silu,
          Tensor()};
}

ResnetBlock::ResnetBlock(const std::string& module, const ModelWeights& weights, int64_t groups)
    : norm1_(read_norm(module + "norm1", weights, groups)),
      norm2_(read_norm(module + "norm2", weights, groups)),
      conv1_(weights.conv2d(module + "conv1", {1, 1})),
      conv2_(weights.conv2d(module + "conv2", {1, 1})) {
  if (weights.contains(module + "conv_shortcut.weight")) shortcut_ = weights.conv2d(module + "conv_shortcut", {1, 0});
}

Tensor ResnetBlock::operator()(const Backend& backend, Tensor x) const {
  const Tensor h = norm_conv2d(backend, x, norm1_, *conv1_, {1, 1});
  if (shortcut_) x = backend.conv2d(x, *shortcut_, {1, 0});
  return norm_conv2d(backend, h, norm2_, *conv2_, {1, 1}, {Activation::none, x});
}

AttentionBlock::AttentionBlock(const std::string& module, const ModelWeights& weights, int64_t groups)
    : norm_(read_norm(module + "group_norm", weights, groups)),
      q_(weights.linear(module + "to_q")),
      k_(weights.linear(module + "to_k")),
      v_(weights.linear(module + "to_v")),
      out_(weights.linear(module + "to_out.0")) {}

Tensor AttentionBlock::operator()(const Backend& backend, const Tensor& x) const {
  const int64_t channels = x.size(1);
  const auto to_tokens = [](const Tensor& map) {
    return map.flatten(2).transpose(1, 2);
  };  // [B, C, H, W] -> [B, H W, C]
  const Tensor h = to_tokens(backend.group_norm(x, norm_.groups, norm_.weight, norm_.bias, norm_.eps));
  const Tensor attended = backend.attention(backend.linear(h, *q_), backend.linear(h, *k_), backend.linear(h, *v_), 1,
                                            1 / std::sqrt(static_cast<double>(channels)));
  return backend.linear(attended, *out_, {Activation::none, to_tokens(x)}).transpose(1, 2).reshape(x.sizes());
}

MidBlock::MidBlock(const std::string& module, const ModelWeights& weights, const KlConfig& config)
    : first_(module + "resnets.0.", weights, config.norm_num_groups),
      second_(module + "resnets.1.", weights, config.norm_num_groups) {
  if (config.mid_block_add_attention) attention_.emplace(module + "attentions.0.", weights, config.norm_num_groups);
}

Tensor MidBlock::operator()(const Backend& backend, const Tensor& x) const {
  Tensor h = first_(backend, x);
  if (attention_) h = (*attention_)(backend, h);
  return second_(backend, std::move(h));
}

}  // namespace alice::kl
