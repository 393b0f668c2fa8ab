#include "core/math/noise_source.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "core/math/brownian_tree.h"

namespace alice {
namespace {

void check_rows(const Tensor& like, size_t seeds) {
  if (like.size(0) != static_cast<int64_t>(seeds))
    throw Error(ErrorCode::internal, "noise",
                "a batch of " + std::to_string(like.size(0)) + " with " + std::to_string(seeds) + " seeds");
}

/// A tree a row, made when the rows' shape is known.
class Trees final : public Brownian {
 public:
  Trees(std::vector<uint64_t> seeds, double least, double most)
      : seeds_(std::move(seeds)), least_(least), most_(most) {}

  Tensor between(const Tensor& like, double from, double to) override {
    check_rows(like, seeds_.size());
    if (trees_.empty())
      for (const uint64_t seed : seeds_) trees_.emplace_back(seed, least_, most_, like.sizes().slice(1).vec());
    std::vector<Tensor> rows;
    for (const BrownianTree& tree : trees_) rows.push_back(tree.increment(to, from) / -std::sqrt(from - to));
    return at::stack(rows);
  }

 private:
  std::vector<uint64_t> seeds_;
  double least_, most_;
  std::vector<BrownianTree> trees_;
};

}  // namespace

SeededNoise::SeededNoise(const std::vector<uint64_t>& seeds) : seeds_(seeds) {
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
  check_rows(like, generators_.size());
  return normal(like.sizes().slice(1));
}

void* SeededNoise::extension(const char* name) {
  return std::strcmp(name, kBrownian) == 0 ? static_cast<BrownianSource*>(this) : nullptr;
}

std::unique_ptr<Brownian> SeededNoise::motion(double least, double most) {
  // The second one of a run, after a hand-over to a refiner, must not repeat the first: it has seeds further on.
  constexpr uint64_t kFurther = 0x9e3779b97f4a7c15U;
  std::vector<uint64_t> seeds = seeds_;
  for (uint64_t& seed : seeds) seed += motions_ * kFurther;
  ++motions_;
  return std::make_unique<Trees>(std::move(seeds), least, most);
}

}  // namespace alice
