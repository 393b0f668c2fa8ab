#include "plugins/models/unet2d/transformer.h"

#include <cmath>

namespace alice::unet2d {
namespace {

constexpr double kGroupNormEps = 1e-6, kLayerNormEps = 1e-5;  // fixed in the reference, whatever norm_eps says

Tensor to_sequence(const Tensor& map) { return map.flatten(2).transpose(1, 2); }  // [B, C, H, W] -> [B, H W, C]
Tensor to_map(const Tensor& sequence, at::IntArrayRef sizes) { return sequence.transpose(1, 2).reshape(sizes); }

LayerNorm read_norm(const std::string& module, const ModelWeights& weights) {
  return {weights.tensor(module + ".weight"), weights.tensor(module + ".bias"), kLayerNormEps};
}

double attention_scale(const Tensor& x, int64_t heads) { return 1 / std::sqrt(static_cast<double>(x.size(2) / heads)); }

}  // namespace

TransformerBlock::Attention TransformerBlock::read_attention(const std::string& module, const ModelWeights& weights) {
  return {weights.linear(module + ".to_q"), weights.linear(module + ".to_k"), weights.linear(module + ".to_v"),
          weights.linear(module + ".to_out.0")};
}

TransformerBlock::TransformerBlock(const std::string& module, const ModelWeights& weights, int64_t heads)
    : heads_(heads),
      norm1_(read_norm(module + ".norm1", weights)),
      norm2_(read_norm(module + ".norm2", weights)),
      norm3_(read_norm(module + ".norm3", weights)),
      self_(read_attention(module + ".attn1", weights)),
      cross_(read_attention(module + ".attn2", weights)),
      gated_(weights.linear(module + ".ff.net.0.proj")),
      out_(weights.linear(module + ".ff.net.2")) {}

TokenKeys TransformerBlock::prepare(const Backend& backend, const Tensor& tokens) const {
  return {backend.linear(tokens, *cross_.k), backend.linear(tokens, *cross_.v)};
}

Tensor TransformerBlock::attend_itself(const Backend& backend, const Tensor& x, const TokenMerging* merging) const {
  const auto attend = [&](const Tensor& q, const Tensor& k, const Tensor& v) {
    return backend.attention(q, k, v, heads_, attention_scale(x, heads_));
  };
  if (merging) {
    const Tensor h = merging->merge(backend.layer_norm(x, norm1_.weight, norm1_.bias, norm1_.eps));
    const Tensor attended =
        attend(backend.linear(h, *self_.q), backend.linear(h, *self_.k), backend.linear(h, *self_.v));
    return x + merging->unmerge(backend.linear(attended, *self_.out));
  }
  const auto qkv = norm_linear(backend, x, norm1_, {{*self_.q}, {*self_.k}, {*self_.v}});
  return backend.linear(attend(qkv[0], qkv[1], qkv[2]), *self_.out, {Activation::none, x});
}

Tensor TransformerBlock::attend_tokens(const Backend& backend, const Tensor& x, const TokenKeys& tokens) const {
  const Tensor q = norm_linear(backend, x, norm2_, {{*cross_.q}})[0];
  const Tensor attended = backend.attention(q, tokens.keys, tokens.values, heads_, attention_scale(x, heads_));
  return backend.linear(attended, *cross_.out, {Activation::none, x});
}

Tensor TransformerBlock::operator()(const Backend& backend, const Tensor& x, const MapSize& size, double merging_ratio,
                                    const TokenKeys& tokens) const {
  std::optional<TokenMerging> merging;
  if (merging_ratio > 0) merging.emplace(x, size, merging_ratio);
  Tensor h = attend_itself(backend, x, merging ? &*merging : nullptr);
  h = attend_tokens(backend, h, tokens);
  const Tensor gated = norm_linear(backend, h, norm3_, {{*gated_, {Activation::geglu, std::nullopt}}})[0];
  return backend.linear(gated, *out_, {Activation::none, h});
}

SpatialTransformer::SpatialTransformer(const std::string& module, const ModelWeights& weights, const UNetConfig& config,
                                       int64_t heads, int64_t depth)
    : norm_{config.norm_num_groups,
            weights.tensor(module + ".norm.weight"),
            weights.tensor(module + ".norm.bias"),
            kGroupNormEps,
            Activation::none,
            Tensor()},
      is_linear_(config.use_linear_projection) {
  const auto projection = [&](const std::string& name) {
    return is_linear_ ? weights.linear(name) : weights.conv2d(name, {1, 0});
  };
  proj_in_ = projection(module + ".proj_in");
  proj_out_ = projection(module + ".proj_out");
  for (int64_t k = 0; k < depth; ++k)
    blocks_.emplace_back(module + ".transformer_blocks." + std::to_string(k), weights, heads);
}

Tensor SpatialTransformer::operator()(const Backend& backend, const Tensor& x, double merging_ratio,
                                      const TokenKeys* tokens) const {
  const MapSize size{x.size(2), x.size(3)};
  Tensor h = is_linear_
                 ? backend.linear(to_sequence(backend.group_norm(x, norm_.groups, norm_.weight, norm_.bias, norm_.eps)),
                                  *proj_in_)
                 : to_sequence(norm_conv2d(backend, x, norm_, *proj_in_, {1, 0}));
  for (const TransformerBlock& block : blocks_) h = block(backend, h, size, merging_ratio, *tokens++);
  if (is_linear_) return to_map(backend.linear(h, *proj_out_, {Activation::none, to_sequence(x)}), x.sizes());
  return backend.conv2d(to_map(h, x.sizes()), *proj_out_, {1, 0}, {Activation::none, x});
}

}  // namespace alice::unet2d
