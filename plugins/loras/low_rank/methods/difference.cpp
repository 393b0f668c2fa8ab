// What is added as it stands: to weights and biases (diff, diff_b), and to those of norms (w_norm, b_norm).

#include "plugins/loras/low_rank/methods/method.h"

namespace alice::low_rank {
namespace {

class Difference final : public Method {
 public:
  const char* name() const override { return "differences"; }
  const std::vector<std::string>& roles() const override {
    static const std::vector<std::string> roles = {"diff", "diff_b", "w_norm", "b_norm"};
    return roles;
  }
  bool wants_matrix() const override { return false; }

  std::optional<int64_t> fit(const Module& module) const override {
    for (const std::string& role : roles())
      if (module.has(role) && !module.expect(role, module.weight())) return std::nullopt;
    return 0;
  }

  Tensor change(const WeightSource& file, const LoraPatch& patch, const Tensor& weight) const override {
    Tensor sum;
    for (const std::string& role : roles())
      if (const Tensor numbers = numbers_of(file, patch, role); numbers.defined())
        sum = sum.defined() ? sum + numbers : numbers;
    return sum.reshape(weight.sizes());
  }
};

}  // namespace

std::unique_ptr<Method> difference() { return std::make_unique<Difference>(); }

}  // namespace alice::low_rank
