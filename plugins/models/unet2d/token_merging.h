#pragma once
// Tokens of a map that are much alike, attended to as one (Bolya and Hoffman 2023, "Token Merging for Fast Stable
// Diffusion", sections 3 and 4).

#include "core/api/tensor.h"

namespace alice::unet2d {

struct MapSize {
  int64_t height = 0, width = 0;
};

/// Which tokens are one. Every token at an even row and column stays; of the others, those go that resemble one of them
/// most (by the cosine), and are represented by it. Each row of a batch has its own matching, which depends on that row
/// alone.
class TokenMerging {
 public:
  /// x [B, height * width, C]. ratio: the share of all tokens that go, 0 to 0.75; never more than there are besides
  /// those that stay.
  TokenMerging(const Tensor& x, const MapSize& size, double ratio);

  /// [B, S, C] -> [B, S - merged(), C]: means of the tokens that are one.
  Tensor merge(const Tensor& x) const;
  /// [B, S - merged(), C] -> [B, S, C]: each token has what its representative has.
  Tensor unmerge(const Tensor& merged) const;
  int64_t merged() const { return merged_; }

 private:
  int64_t merged_ = 0;
  Tensor place_;  // int64 [B, S]: of a token's representative among those that are left
};

}  // namespace alice::unet2d
