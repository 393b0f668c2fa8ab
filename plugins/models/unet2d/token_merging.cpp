#include "plugins/models/unet2d/token_merging.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace alice::unet2d {
namespace {

struct Cells {
  Tensor staying, others;  // int64, indices of tokens
};

/// One token of every 2 x 2 stays, whatever the picture: evenly spread, and the same at every step.
Cells cells_of(const MapSize& size, at::Device device) {
  std::vector<int64_t> staying, others;
  for (int64_t y = 0; y < size.height; ++y)
    for (int64_t x = 0; x < size.width; ++x)
      (y % 2 == 0 && x % 2 == 0 ? staying : others).push_back(y * size.width + x);
  return {at::tensor(staying, at::kLong).to(device), at::tensor(others, at::kLong).to(device)};
}

/// Rows of length 1, in float32. x [S, C].
Tensor directions(const Tensor& x) {
  const Tensor wide = x.to(at::kFloat);
  return wide / wide.norm(2, {1}, true).clamp_min(1e-12);
}

/// One row's places: [S]. The tokens that are left are the staying ones, then the others that are not merged, each in
/// the map's order.
Tensor places(const Tensor& x, const Cells& cells, int64_t merged) {
  const int64_t staying = cells.staying.numel(), others = cells.others.numel();
  const Tensor unit = directions(x);
  const Tensor likeness = at::mm(unit.index_select(0, cells.others), unit.index_select(0, cells.staying).t());
  const auto [most, nearest] = likeness.max(1);
  const Tensor order = std::get<1>(most.sort(/*stable=*/true, 0, /*descending=*/true));
  const Tensor goes = order.narrow(0, 0, merged);
  const Tensor stays = std::get<0>(order.narrow(0, merged, others - merged).sort());

  Tensor place = at::empty({x.size(0)}, cells.staying.options());
  place.index_put_({cells.staying}, at::arange(staying, place.options()));
  place.index_put_({cells.others.index_select(0, stays)},
                   at::arange(staying, staying + stays.numel(), place.options()));
  place.index_put_({cells.others.index_select(0, goes)}, nearest.index_select(0, goes));
  return place;
}

}  // namespace

TokenMerging::TokenMerging(const Tensor& x, const MapSize& size, double ratio) {
  const Cells cells = cells_of(size, x.device());
  merged_ = std::min(static_cast<int64_t>(std::floor(ratio * static_cast<double>(x.size(1)))), cells.others.numel());
  std::vector<Tensor> rows;
  for (int64_t b = 0; b < x.size(0); ++b) rows.push_back(places(x[b], cells, merged_));
  place_ = at::stack(rows);
}

Tensor TokenMerging::merge(const Tensor& x) const {
  const int64_t left = x.size(1) - merged_;
  std::vector<Tensor> rows;
  for (int64_t b = 0; b < x.size(0); ++b) {
    const Tensor place = place_[b];
    const Tensor sums = at::zeros({left, x.size(2)}, x.options().dtype(at::kFloat));
    sums.index_add_(0, place, x[b].to(at::kFloat));
    const Tensor counts = at::bincount(place, {}, left).unsqueeze(1);
    rows.push_back((sums / counts).to(x.scalar_type()));
  }
  return at::stack(rows);
}

Tensor TokenMerging::unmerge(const Tensor& merged) const {
  std::vector<Tensor> rows;
  for (int64_t b = 0; b < merged.size(0); ++b) rows.push_back(merged[b].index_select(0, place_[b]));
  return at::stack(rows);
}

}  // namespace alice::unet2d
