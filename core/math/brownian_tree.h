#pragma once
// A Brownian motion that is known by its seed alone, whatever intervals are asked for and in whichever order:
// torchsde's BrownianTree (Li et al. 2020, Algorithm 3; torchsde/_brownian/brownian_interval.py, tol 1e-6, pool_size
// 24), with numbers of torch's CPU generator.

#include <cstdint>
#include <vector>

#include "core/api/tensor.h"

namespace alice {

/// Immutable; any thread.
class BrownianTree {
 public:
  /// Over times from `start` to `end`, of tensors of `sizes`. start < end.
  BrownianTree(uint64_t seed, double start, double end, std::vector<int64_t> sizes);

  /// W(to) - W(from), float32 of the tree's sizes. Times are rounded to six decimals, and moved into the tree's range.
  /// from <= to. Costs about twenty draws of that size.
  Tensor increment(double from, double to) const;

 private:
  /// A stretch of time, its increment, and its place in the tree.
  struct Node {
    double start, end;
    Tensor increment;
    uint64_t key, depth;
  };
  Tensor normal(uint32_t seed) const;
  /// Adds to `sum` what of the increment from `from` to `to` lies in the node, from left to right.
  void add_covered(const Node& node, double from, double to, Tensor& sum) const;

  uint64_t seed_;
  std::vector<int64_t> sizes_;
  Node root_;
};

}  // namespace alice
