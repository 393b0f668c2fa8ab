// IA3 (Liu et al. 2022): rows, or with on_input columns, made longer by a share.

#include <c10/util/accumulate.h>

#include "plugins/loras/low_rank/methods/method.h"

namespace alice::low_rank {
namespace {

constexpr const char *kShares = "weight", *kOnInput = "on_input";

class Rescaling final : public Method {
 public:
  const char* name() const override { return "IA3"; }
  const std::vector<std::string>& roles() const override {
    static const std::vector<std::string> roles = {kOnInput, kShares};
    return roles;
  }

  std::optional<int64_t> fit(const Module& module) const override {
    if (!module.needs(kShares) || !module.needs(kOnInput)) return std::nullopt;
    if (c10::multiply_integers(module.shape(kOnInput)) != 1) {
      module.fault(kOnInput, "has shape " + shape_text(module.shape(kOnInput)) + "; it is one number");
      return std::nullopt;
    }
    const int64_t wanted = module.weight()[module.number(kOnInput) != 0 ? 1 : 0];
    if (c10::multiply_integers(module.shape(kShares)) != wanted) {
      module.fault(kShares, "has shape " + shape_text(module.shape(kShares)) + ", but a weight of shape " +
                                shape_text(module.weight()) + " needs " + std::to_string(wanted) + " numbers");
      return std::nullopt;
    }
    return 0;
  }

  Tensor change(const WeightSource& file, const LoraPatch& patch, const Tensor& weight) const override {
    const bool is_on_input = numbers_of(file, patch, kOnInput).item<double>() != 0;
    std::vector<int64_t> shape(static_cast<size_t>(weight.dim()), 1);
    shape[is_on_input ? 1 : 0] = -1;
    return weight.to(at::kFloat) * numbers_of(file, patch, kShares).reshape(shape);
  }
};

}  // namespace

std::unique_ptr<Method> rescaling() { return std::make_unique<Rescaling>(); }

}  // namespace alice::low_rank
