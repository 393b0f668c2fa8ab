#include "core/math/brownian_tree.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "core/math/seed_sequence.h"

namespace alice {
namespace {

constexpr size_t kPoolSize = 24;

/// To six decimals, as Python's round(): of the number as it is, and not of its product with a million.
double rounded(double time) {
  char text[64];
  std::snprintf(text, sizeof text, "%.6f", time);
  return std::strtod(text, nullptr);
}

}  // namespace

BrownianTree::BrownianTree(uint64_t seed, double start, double end, std::vector<int64_t> sizes)
    : seed_(seed), sizes_(std::move(sizes)) {
  const uint32_t first = seed_sequence(seed, {}, kPoolSize, 1).front();
  root_ = {rounded(start), rounded(end), normal(first) * std::sqrt(end - start), 0, 0};
}

Tensor BrownianTree::increment(double from, double to) const {
  const auto within = [&](double time) { return rounded(std::clamp(time, root_.start, root_.end)); };
  Tensor sum = at::zeros(sizes_, at::kFloat);
  add_covered(root_, within(from), within(to), sum);
  return sum;
}

Tensor BrownianTree::normal(uint32_t seed) const {
  return at::randn(sizes_, at::detail::createCPUGenerator(seed), at::kFloat);
}

void BrownianTree::add_covered(const Node& node, double from, double to, Tensor& sum) const {
  if (from >= to) return;
  if (from == node.start && to == node.end) {
    sum = sum + node.increment;
    return;
  }
  // The bridge: where the motion is in the middle, given both its ends.
  const double middle = rounded(0.5 * (node.end + node.start));
  const double whole = node.end - node.start, left = middle - node.start, right = node.end - middle;
  const uint32_t seed = seed_sequence(seed_, {node.key, node.depth}, kPoolSize, 1).front();
  const Tensor half = node.increment * (left / whole) + normal(seed) * std::sqrt(left * right / whole);
  add_covered({node.start, middle, half, 2 * node.key, node.depth + 1}, from, std::min(to, middle), sum);
  add_covered({middle, node.end, node.increment - half, 2 * node.key + 1, node.depth + 1}, std::max(from, middle), to,
              sum);
}

}  // namespace alice
