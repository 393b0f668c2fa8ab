// LoHa (Hyeon-Woo et al. 2022, FedPara; Yeh et al. 2023): the product, element by element, of two products of factors.
// Convolutions in Tucker's form have cores hada_t1, hada_t2, and their factors the other way round.

#include "plugins/loras/low_rank/methods/method.h"
#include "plugins/loras/low_rank/methods/tucker.h"

namespace alice::low_rank {
namespace {

class Hadamard final : public Method {
 public:
  const char* name() const override { return "LoHa"; }
  const std::vector<std::string>& roles() const override {
    static const std::vector<std::string> roles = {"hada_w1_a", "hada_w1_b", "hada_w2_a",
                                                   "hada_w2_b", "hada_t1",   "hada_t2"};
    return roles;
  }
  bool takes_magnitudes() const override { return true; }

  std::optional<int64_t> fit(const Module& module) const override {
    bool good = true;
    for (const char* role : {"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"}) good = module.needs(role) && good;
    if (module.has("hada_t1") || module.has("hada_t2"))
      good = module.needs("hada_t1") && module.needs("hada_t2") && good;
    if (!good) return std::nullopt;
    const std::vector<int64_t>& first = module.shape("hada_w1_b");
    const int64_t rank = first.empty() ? 0 : first[0];
    if (!module.is_rank("hada_w1_b", rank)) return std::nullopt;
    for (const char* number : {"1", "2"}) {
      const std::string a = std::string("hada_w") + number + "_a", b = std::string("hada_w") + number + "_b";
      good = fit_product(module, a, b, std::string("hada_t") + number, module.weight(), rank) && good;
    }
    return good ? std::optional<int64_t>(rank) : std::nullopt;
  }

  Tensor change(const WeightSource& file, const LoraPatch& patch, const Tensor& weight) const override {
    const Tensor first = product(file, patch, "hada_w1_a", "hada_w1_b", "hada_t1");
    const Tensor second = product(file, patch, "hada_w2_a", "hada_w2_b", "hada_t2");
    return (first * second).reshape(weight.sizes()) * patch.scale;
  }
};

}  // namespace

std::unique_ptr<Method> hadamard() { return std::make_unique<Hadamard>(); }

}  // namespace alice::low_rank
