// Two factors (Hu et al. 2021), of convolutions too (LoCon), and in Tucker's form with a core between them.

#include "plugins/loras/low_rank/methods/method.h"

namespace alice::low_rank {
namespace {

class Factors final : public Method {
 public:
  const char* name() const override { return "low rank"; }
  const std::vector<std::string>& roles() const override {
    static const std::vector<std::string> roles = {"up", "down", "mid"};
    return roles;
  }
  bool takes_magnitudes() const override { return true; }

  std::optional<int64_t> fit(const Module& module) const override {
    if (!module.needs("up") || !module.needs("down")) return std::nullopt;
    const std::vector<int64_t> weight = as_convolution(module.weight()), down = as_convolution(module.shape("down"));
    if (down.empty()) {
      module.fault("down", "has shape " + shape_text(module.shape("down")) + " for a weight of shape " +
                               shape_text(module.weight()));
      return std::nullopt;
    }
    const int64_t rank = down[0];
    if (!module.is_rank("down", rank)) return std::nullopt;
    const bool tucker = module.has("mid");
    bool good = module.expect("up", {weight[0], rank, 1, 1}, rank);
    good = module.expect("down", {rank, weight[1], tucker ? 1 : weight[2], tucker ? 1 : weight[3]}, rank) && good;
    if (tucker) good = module.expect("mid", {rank, rank, weight[2], weight[3]}, rank) && good;
    return good ? std::optional<int64_t>(rank) : std::nullopt;
  }

  Tensor change(const WeightSource& file, const LoraPatch& patch, const Tensor& weight) const override {
    class Plain final : public LoraFormat {  // the contract's own multiplication
      bool recognises(const TensorIndex&) const override { return false; }
      LoraRecognition read(const WeightSource&, const std::vector<LoraTarget>&) const override { return {}; }
    };
    return Plain().change(file, patch, weight);
  }
};

}  // namespace

std::unique_ptr<Method> factors() { return std::make_unique<Factors>(); }

}  // namespace alice::low_rank
