#include "plugins/models/unet2d/token_merging.h"

#include <ATen/ATen.h>

#include "tests/support/catch.h"

using namespace alice;
using alice::unet2d::MapSize;
using alice::unet2d::TokenMerging;

namespace {

/// [B, height * width, C]: each 2 x 2 cell (smaller at odd edges) of one value of its own.
Tensor cells(const MapSize& size, int64_t channels) {
  const Tensor corners = at::randn({1, channels, (size.height + 1) / 2, (size.width + 1) / 2});
  const Tensor map = corners.repeat_interleave(2, 2).repeat_interleave(2, 3);
  return map.narrow(2, 0, size.height).narrow(3, 0, size.width).flatten(2).transpose(1, 2).contiguous();
}

double largest(const Tensor& x) { return x.abs().max().item<double>(); }

}  // namespace

TEST_CASE("tokens that are equal lose nothing by being one") {
  at::manual_seed(3);
  for (const MapSize& size : {MapSize{8, 8}, MapSize{6, 10}, MapSize{7, 5}, MapSize{1, 4}}) {
    CAPTURE(size.height, size.width);
    const Tensor x = cells(size, 16);
    const TokenMerging merging(x, size, 0.75);
    CHECK(merging.merge(x).size(1) == x.size(1) - merging.merged());
    CHECK(largest(merging.unmerge(merging.merge(x)) - x) < 1e-6);
  }
}

TEST_CASE("the share of tokens that go is the one that was asked for, and never a staying one's") {
  at::manual_seed(4);
  const Tensor x = at::randn({1, 64, 8});
  CHECK(TokenMerging(x, {8, 8}, 0.5).merged() == 32);
  CHECK(TokenMerging(x, {8, 8}, 0.33).merged() == 21);
  CHECK(TokenMerging(x, {8, 8}, 0.75).merged() == 48);
  CHECK(TokenMerging(at::randn({1, 35, 8}), {7, 5}, 0.75).merged() == 35 - 12);
  CHECK(TokenMerging(at::randn({1, 1, 8}), {1, 1}, 0.75).merged() == 0);
}

TEST_CASE("those that go are the most alike, each goes to the one that it resembles most") {
  at::manual_seed(5);
  constexpr int64_t kSide = 6, kChannels = 5;
  const Tensor x = at::randn({1, kSide * kSide, kChannels});
  const TokenMerging merging(x, {kSide, kSide}, 0.25);

  // By hand: the best cosine of every other token with a staying one, in float64.
  const Tensor unit = (x[0] / x[0].norm(2, {1}, true)).to(at::kDouble);
  std::vector<std::pair<double, std::pair<int64_t, int64_t>>> pairs;  // likeness, token, representative
  const auto stays = [](int64_t token) { return token / kSide % 2 == 0 && token % kSide % 2 == 0; };
  for (int64_t token = 0; token < kSide * kSide; ++token) {
    if (stays(token)) continue;
    std::pair<double, std::pair<int64_t, int64_t>> best{-2, {token, -1}};
    for (int64_t other = 0; other < kSide * kSide; ++other)
      if (stays(other)) best = std::max(best, {at::dot(unit[token], unit[other]).item<double>(), {token, other}});
    pairs.push_back(best);
  }
  std::sort(pairs.rbegin(), pairs.rend());
  std::vector<int64_t> representative(kSide * kSide);
  for (int64_t token = 0; token < kSide * kSide; ++token) representative[static_cast<size_t>(token)] = token;
  for (int64_t k = 0; k < merging.merged(); ++k)
    representative[static_cast<size_t>(pairs[static_cast<size_t>(k)].second.first)] =
        pairs[static_cast<size_t>(k)].second.second;

  // Tokens of one representative come back as their mean, and no others.
  const Tensor back = merging.unmerge(merging.merge(x))[0];
  for (int64_t token = 0; token < kSide * kSide; ++token) {
    Tensor sum = at::zeros({kChannels});
    double count = 0;
    for (int64_t other = 0; other < kSide * kSide; ++other)
      if (representative[static_cast<size_t>(other)] == representative[static_cast<size_t>(token)])
        sum += x[0][other], ++count;
    CHECK(largest(back[token] - sum / count) < 1e-5);
  }
}

TEST_CASE("a row's matching is its own") {
  at::manual_seed(6);
  const Tensor x = at::randn({3, 64, 8}).to(at::kBFloat16);
  const TokenMerging together(x, {8, 8}, 0.5);
  for (int64_t b = 0; b < 3; ++b) {
    const Tensor row = x.narrow(0, b, 1);
    const TokenMerging alone(row, {8, 8}, 0.5);
    CHECK(at::equal(alone.merge(row), together.merge(x).narrow(0, b, 1)));
    CHECK(at::equal(alone.unmerge(alone.merge(row)), together.unmerge(together.merge(x)).narrow(0, b, 1)));
  }
}
