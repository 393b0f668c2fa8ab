#include "core/math/noise_source.h"

#include <ATen/CPUGeneratorImpl.h>

#include "core/base/error.h"

namespace alice {

SeededNoise::SeededNoise(const std::vector<uint64_t>& seeds) {
  for (uint64_t seed : seeds) generators_.push_back(at::detail::createCPUGenerator(seed));
}

Tensor SeededNoise::normal(at::IntArrayRef row_sizes) {
  std::vector<int64_t> one_row = {1};
  one_row.insert(one_row.end(), row_sizes.begin(), row_sizes.end());
  std::vector<Tensor> rows;
  for (at::Generator& generator : generators_) rows.push_back(at::randn(one_row, generator, at::kFloat));
  return at::cat(rows);
}

Tensor SeededNoise::normal_like(const Tensor& like) {
  if (like.size(0) != static_cast<int64_t>(generators_.size()))
    throw Error(
        ErrorCode::internal, "noise",
        "a batch of " + std::to_string(like.size(0)) + " with " + std::to_string(generators_.size()) + " seeds");
  return normal(like.sizes().slice(1));
}

}  // namespace alice
