#include "plugins/models/unet2d/transformer.h"

#include <cmath>

namespace alice::unet2d {
namespace {

constexpr double kGroupNormEps = 1e-6, kLayerNormEps = 1e-5;  // fixed in the reference, whatever norm_eps says

Tensor to_sequence(const Tensor& map) { return map.flatten(2).transpose(1, 2); }  // [B, C, H, W] -> [B, H W, C]
Tensor to_map(const Tensor& sequence, at::IntArrayRef sizes) { return sequence.transpose(1, 2).reshape(sizes); }

}  // namespace

TransformerBlock::Norm TransformerBlock::read_norm(const std::string& module, const ModelWeights& weights) {
  return {weights.tensor(module + ".weight"), weights.tensor(module + ".bias")};
}

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

Tensor TransformerBlock::attend(const Backend& backend, const Attention& attention, const Tensor& x, const Norm& norm,
                                const TokenKeys* tokens, const TokenMerging* merging) const {
  const Tensor normed = backend.layer_norm(x, norm.weight, norm.bias, kLayerNormEps);
  const Tensor h = merging ? merging->merge(normed) : normed;
  const TokenKeys own =
      tokens ? TokenKeys() : TokenKeys{backend.linear(h, *attention.k), backend.linear(h, *attention.v)};
  const TokenKeys& seen = tokens ? *tokens : own;
  const double scale = 1 / std::sqrt(static_cast<double>(x.size(2) / heads_));
  const Tensor attended = backend.attention(backend.linear(h, *attention.q), seen.keys, seen.values, heads_, scale);
  if (merging) return x + merging->unmerge(backend.linear(attended, *attention.out));
  return backend.linear(attended, *attention.out, {Activation::none, x});
}

Tensor TransformerBlock::operator()(const Backend& backend, const Tensor& x, const MapSize& size, double merging_ratio,
                                    const TokenKeys& tokens) const {
  std::optional<TokenMerging> merging;
  if (merging_ratio > 0) merging.emplace(x, size, merging_ratio);
  Tensor h = attend(backend, self_, x, norm1_, nullptr, merging ? &*merging : nullptr);
  h = attend(backend, cross_, h, norm2_, &tokens, nullptr);
  const Tensor gated = backend.linear(backend.layer_norm(h, norm3_.weight, norm3_.bias, kLayerNormEps), *gated_,
                                      {Activation::geglu, std::nullopt});
  return backend.linear(gated, *out_, {Activation::none, h});
}

SpatialTransformer::SpatialTransformer(const std::string& module, const ModelWeights& weights, const UNetConfig& config,
                                       const UNetLevel& level)
    : groups_(config.norm_num_groups),
      is_linear_(config.use_linear_projection),
      norm_weight_(weights.tensor(module + ".norm.weight")),
      norm_bias_(weights.tensor(module + ".norm.bias")) {
  const auto projection = [&](const std::string& name) {
    return is_linear_ ? weights.linear(name) : weights.conv2d(name, {1, 0});
  };
  proj_in_ = projection(module + ".proj_in");
  proj_out_ = projection(module + ".proj_out");
  for (int64_t k = 0; k < level.depth; ++k)
    blocks_.emplace_back(module + ".transformer_blocks." + std::to_string(k), weights, level.heads);
}

Tensor SpatialTransformer::operator()(const Backend& backend, const Tensor& x, double merging_ratio,
                                      const TokenKeys* tokens) const {
  const MapSize size{x.size(2), x.size(3)};
  const Tensor normed = backend.group_norm(x, groups_, norm_weight_, norm_bias_, kGroupNormEps);
  Tensor h = is_linear_ ? backend.linear(to_sequence(normed), *proj_in_)
                        : to_sequence(backend.conv2d(normed, *proj_in_, {1, 0}));
  for (const TransformerBlock& block : blocks_) h = block(backend, h, size, merging_ratio, *tokens++);
  if (is_linear_) return to_map(backend.linear(h, *proj_out_, {Activation::none, to_sequence(x)}), x.sizes());
  return backend.conv2d(to_map(h, x.sizes()), *proj_out_, {1, 0}, {Activation::none, x});
}

}  // namespace alice::unet2d
