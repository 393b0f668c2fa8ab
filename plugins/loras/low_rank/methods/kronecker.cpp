// LoKr (Yeh et al. 2023): the Kronecker product of two matrices, each whole or a product of factors. Alpha counts where
// one of them is a product, and is divided by the second one's rank before the first one's.

#include "plugins/loras/low_rank/methods/method.h"
#include "plugins/loras/low_rank/methods/tucker.h"

namespace alice::low_rank {
namespace {

/// One of the two, in a module of a file.
struct Half {
  std::string whole, a, b, core;
};
const Half kFirst = {"lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_t1"};
const Half kSecond = {"lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2"};

/// Its shape, [rows, columns, kh, kw]; nothing, with faults told, where it is not there or is not one.
std::optional<std::vector<int64_t>> shape_of(const Module& module, const Half& half) {
  const auto refuse = [&](const std::string& role) {
    module.fault(role, "has shape " + shape_text(module.shape(role)) + ", which is no matrix and no convolution");
    return std::nullopt;
  };
  if (module.has(half.whole)) {
    const std::vector<int64_t> shape = as_convolution(module.shape(half.whole));
    if (shape.empty()) return refuse(half.whole);
    return shape;
  }
  if (!module.needs(half.a) || !module.needs(half.b)) return std::nullopt;
  const std::vector<int64_t>&a = module.shape(half.a), &b = module.shape(half.b);
  if (a.size() != 2) return refuse(half.a);
  if (b.size() != 2) return refuse(half.b);
  if (!module.has(half.core)) return std::vector<int64_t>{a[0], b[1], 1, 1};
  const std::vector<int64_t>& core = module.shape(half.core);
  if (core.size() != 4) return refuse(half.core);
  return std::vector<int64_t>{a[1], b[1], core[2], core[3]};
}

int64_t rank_of(const Module& module, const Half& half) {
  return module.has(half.whole) ? 0 : module.shape(half.b)[0];
}

bool fit_half(const Module& module, const Half& half, const std::vector<int64_t>& shape) {
  const int64_t rank = rank_of(module, half);
  if (rank == 0) return true;
  return module.is_rank(half.b, rank) && fit_product(module, half.a, half.b, half.core, shape, rank);
}

/// [rows, columns], or [rows, columns, kh, kw].
Tensor matrix_of(const WeightSource& file, const LoraPatch& patch, const Half& half) {
  const Tensor whole = numbers_of(file, patch, half.whole);
  return whole.defined() ? whole : product(file, patch, half.a, half.b, half.core);
}

class Kronecker final : public Method {
 public:
  const char* name() const override { return "LoKr"; }
  const std::vector<std::string>& roles() const override {
    static const std::vector<std::string> roles = {"lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_t1",
                                                   "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2"};
    return roles;
  }
  bool takes_magnitudes() const override { return true; }

  std::optional<int64_t> fit(const Module& module) const override {
    const std::vector<int64_t> weight = as_convolution(module.weight());
    const auto first = shape_of(module, kFirst), second = shape_of(module, kSecond);
    if (!first || !second) return std::nullopt;
    // Factors of the second one have what a convolution's pixels need among their columns.
    const int64_t columns = weight[1] * weight[2] * weight[3];
    const int64_t rows = (*first)[0] * (*second)[0];
    const int64_t made = (*first)[1] * (*second)[1] * (*second)[2] * (*second)[3];
    if (rows != weight[0] || made != columns || (*first)[2] * (*first)[3] != 1) {
      module.fault(module.has(kSecond.whole) ? kSecond.whole : kSecond.b,
                   "makes, with the first matrix, a change of shape " + shape_text({rows, made}) +
                       ", but the weight is of shape " + shape_text(module.weight()));
      return std::nullopt;
    }
    if (!fit_half(module, kFirst, *first) || !fit_half(module, kSecond, *second)) return std::nullopt;
    const int64_t rank = rank_of(module, kSecond);
    return rank > 0 ? rank : rank_of(module, kFirst);
  }

  Tensor change(const WeightSource& file, const LoraPatch& patch, const Tensor& weight) const override {
    const Tensor first = matrix_of(file, patch, kFirst).flatten(1);
    const Tensor second = matrix_of(file, patch, kSecond).flatten(1);
    // With the pixels among the second one's columns the product of matrices is that of the convolutions.
    return at::kron(first.contiguous(), second.contiguous()).reshape(weight.sizes()) * patch.scale;
  }
};

}  // namespace

std::unique_ptr<Method> kronecker() { return std::make_unique<Kronecker>(); }

}  // namespace alice::low_rank
