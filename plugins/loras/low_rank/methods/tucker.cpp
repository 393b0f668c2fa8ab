#include "plugins/loras/low_rank/methods/tucker.h"

namespace alice::low_rank {

bool fit_product(const Module& module, const std::string& a, const std::string& b, const std::string& core,
                 const std::vector<int64_t>& shape, int64_t rank) {
  const std::vector<int64_t> sides = as_convolution(shape);
  if (!module.has(core)) {
    const bool good = module.expect(a, {sides[0], rank}, rank);
    return module.expect(b, {rank, sides[1] * sides[2] * sides[3]}, rank) && good;
  }
  bool good = module.expect(core, {rank, rank, sides[2], sides[3]}, rank);
  good = module.expect(a, {rank, sides[0]}, rank) && good;
  return module.expect(b, {rank, sides[1]}, rank) && good;
}

Tensor product(const WeightSource& file, const LoraPatch& patch, const std::string& a, const std::string& b,
               const std::string& core) {
  const Tensor left = numbers_of(file, patch, a).flatten(1), right = numbers_of(file, patch, b).flatten(1);
  const Tensor middle = numbers_of(file, patch, core);
  if (!middle.defined()) return left.matmul(right);
  // W[p, q, y, x] = sum over i, j of a[i, p] t[i, j, y, x] b[j, q]: a product of matrices for each y, x.
  return left.t().matmul(middle.permute({2, 3, 0, 1})).matmul(right).permute({2, 3, 0, 1}).contiguous();
}

}  // namespace alice::low_rank
