#pragma once
// Attention over a map and from the map to the prompt's tokens (Rombach et al. 2022, section 3.3).

#include "core/api/fused_products.h"
#include "core/api/weights.h"
#include "plugins/models/unet2d/token_merging.h"
#include "plugins/models/unet2d/unet_config.h"

namespace alice::unet2d {

/// Keys and values of the tokens for one transformer block, [B, T, channels] each: they stay the same for a whole run.
struct TokenKeys {
  Tensor keys, values;
};

/// Self-attention, attention to the tokens and a gated perceptron, each after a norm and with its input added.
/// Immutable; any thread.
class TransformerBlock {
 public:
  TransformerBlock(const std::string& module, const ModelWeights& weights, int64_t heads);

  /// tokens [B, T, D] in the backend's dtype.
  TokenKeys prepare(const Backend& backend, const Tensor& tokens) const;
  /// x [B, S, C], the tokens of a map of `size` -> [B, S, C]. merging_ratio: see TokenMerging; 0 merges none.
  Tensor operator()(const Backend& backend, const Tensor& x, const MapSize& size, double merging_ratio,
                    const TokenKeys& tokens) const;

 private:
  struct Attention {
    PreparedWeightPtr q, k, v, out;
  };
  static Attention read_attention(const std::string& module, const ModelWeights& weights);
  Tensor attend_itself(const Backend& backend, const Tensor& x, const TokenMerging* merging) const;
  Tensor attend_tokens(const Backend& backend, const Tensor& x, const TokenKeys& tokens) const;

  int64_t heads_;
  LayerNorm norm1_, norm2_, norm3_;
  Attention self_, cross_;
  PreparedWeightPtr gated_, out_;
};

/// The transformer blocks of one place in the network, with a norm and projections around them, and the map added.
/// Immutable; any thread.
class SpatialTransformer {
 public:
  SpatialTransformer(const std::string& module, const ModelWeights& weights, const UNetConfig& config, int64_t heads,
                     int64_t depth);

  const std::vector<TransformerBlock>& blocks() const { return blocks_; }
  /// x [B, C, H, W] -> the same; `tokens` has one element a block. merging_ratio: as TransformerBlock's.
  Tensor operator()(const Backend& backend, const Tensor& x, double merging_ratio, const TokenKeys* tokens) const;

 private:
  GroupNorm norm_;
  bool is_linear_;
  PreparedWeightPtr proj_in_, proj_out_;
  std::vector<TransformerBlock> blocks_;
};

}  // namespace alice::unet2d
