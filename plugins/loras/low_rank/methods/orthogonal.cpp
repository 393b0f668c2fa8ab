// OFT (Qiu et al. 2023): rows turned, block by block, by R = (I + Q)(I - Q)^-1 with Q = B - B^T (Cayley), and then,
// where `rescale` is there, made longer or shorter. Alpha limits Q's length: to alpha times the number of rows.

#include <ATen/ops/linalg_inv.h>
#include <ATen/ops/linalg_vector_norm.h>

#include "plugins/loras/low_rank/methods/method.h"

namespace alice::low_rank {
namespace {

constexpr const char *kBlocks = "oft_blocks", *kRescale = "rescale", *kLimit = "alpha";

/// [blocks, n, n], in double precision.
Tensor turns(const Tensor& blocks, double limit) {
  Tensor q = blocks - blocks.transpose(1, 2);
  const double length = at::linalg_vector_norm(q).item<double>();
  if (limit > 0 && length > limit) q = q * (limit / length);
  const Tensor one = at::eye(q.size(1), q.options());
  return (one + q).matmul(at::linalg_inv(one - q));
}

class Orthogonal final : public Method {
 public:
  const char* name() const override { return "OFT"; }
  const std::vector<std::string>& roles() const override {
    static const std::vector<std::string> roles = {kBlocks, kRescale};
    return roles;
  }
  bool reads_alpha() const override { return true; }

  std::optional<int64_t> fit(const Module& module) const override {
    if (!module.needs(kBlocks)) return std::nullopt;
    const std::vector<int64_t>& blocks = module.shape(kBlocks);
    const int64_t rows = module.weight()[0];
    const auto refuse = [&](const std::string& what) {
      module.fault(kBlocks, what);
      return std::nullopt;
    };
    if (blocks.size() == 4) return refuse("belongs to BOFT (oft_blocks of four dimensions), which is not supported");
    if (blocks.size() != 3 || blocks[1] != blocks[2] || blocks[0] * blocks[1] != rows)
      return refuse("has shape " + shape_text(blocks) + ", but a weight of shape " + shape_text(module.weight()) +
                    " needs blocks [n, m, m] with n m = " + std::to_string(rows));
    if (module.has(kRescale)) {
      std::vector<int64_t> wanted(module.weight().size(), 1);
      wanted[0] = rows;
      if (!module.expect(kRescale, wanted)) return std::nullopt;
    }
    return 0;
  }

  Tensor change(const WeightSource& file, const LoraPatch& patch, const Tensor& weight) const override {
    const Tensor whole = weight.to(at::kDouble);
    const Tensor limit = numbers_of(file, patch, kLimit);
    const auto rows = static_cast<double>(weight.size(0));
    const Tensor turn =
        turns(numbers_of(file, patch, kBlocks).to(at::kDouble), limit.defined() ? limit.item<double>() * rows : 0);
    const Tensor blocks = whole.reshape({turn.size(0), turn.size(1), -1});
    Tensor turned = turn.transpose(1, 2).matmul(blocks).reshape(weight.sizes());
    if (const Tensor rescale = numbers_of(file, patch, kRescale); rescale.defined()) turned = turned * rescale;
    return (turned - whole).to(at::kFloat);
  }
};

}  // namespace

std::unique_ptr<Method> orthogonal() { return std::make_unique<Orthogonal>(); }

}  // namespace alice::low_rank
