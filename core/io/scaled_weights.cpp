#include "core/io/scaled_weights.h"

#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "core/base/text.h"
#include "core/io/stored_elements.h"

namespace alice {
namespace {

constexpr std::string_view kWeight = "weight", kMark = "scaled_fp8";
constexpr const char* kScales[] = {"scale_weight", "weight_scale", "weight_scale_inv"};
constexpr const char* kForProducts[] = {"scale_input", "input_scale", "comfy_quant"};

/// Is that the last step of the name?
bool is_mark(const std::string& name) {
  return ends_with(name, kMark) && (name.size() == kMark.size() || name[name.size() - kMark.size() - 1] == '.');
}

/// "x." of "x.weight", and "" of "weight"; false for another name.
bool stem_of(const std::string& name, std::string& stem) {
  if (!ends_with(name, kWeight)) return false;
  stem = name.substr(0, name.size() - kWeight.size());
  return stem.empty() || stem.back() == '.';
}

bool is_applied(const TensorInfo& weight, const TensorInfo& scale) {
  if (!is_floating(scale.dtype) || ends_with(scale.name, "_inv")) return false;
  if (scale.elements() == 1) return true;
  return !weight.shape.empty() && scale.elements() == weight.shape[0] && scale.shape[0] == weight.shape[0];
}

class ScaledWeights final : public WeightSource {
 public:
  explicit ScaledWeights(std::shared_ptr<const WeightSource> of) : of_(std::move(of)), index_(of_->index()) {
    std::set<std::string> others;
    for (const auto& [name, info] : of_->index().tensors) {
      if (is_mark(name)) others.insert(name);
      if (std::string stem; is_floating(info.dtype) && stem_of(name, stem)) find_scale(info, stem, others);
    }
    for (const std::string& name : others) index_.tensors.erase(name);
    for (const auto& [weight, scale] : scales_) {
      TensorInfo& info = index_.tensors.at(weight);
      info.other_dtype = info.dtype_text();
      info.dtype = DType::f32;
    }
    has_changed_ = !others.empty();
  }

  bool has_changed() const { return has_changed_; }
  const TensorIndex& index() const override { return index_; }

  Tensor tensor(const std::string& name) const override {
    const TensorInfo& info = usable_tensor(index_, name);
    const auto found = scales_.find(name);
    if (found == scales_.end()) return of_->tensor(name);
    const TensorInfo& scale = *of_->index().find(found->second);
    if (!is_applied(info, scale))
      throw Error(ErrorCode::unsupported, index_.files[info.file],
                  "tensor '" + name + "' is to be multiplied by '" + scale.name + "', " + scale.dtype_text() +
                      shape_text(scale.shape) +
                      ", which is not supported; one number, or one for each row, is: take the model in F16 or BF16");
    Tensor factor = of_->tensor(scale.name).to(at::kFloat);
    std::vector<int64_t> shape(info.shape.size(), 1);
    if (scale.elements() > 1) shape[0] = info.shape[0];
    return of_->tensor(name).to(at::kFloat).mul(factor.reshape(shape));
  }

 private:
  void find_scale(const TensorInfo& weight, const std::string& stem, std::set<std::string>& others) {
    for (const char* scale : kScales) {
      if (!of_->index().contains(stem + scale)) continue;
      scales_.emplace(weight.name, stem + scale);
      others.insert(stem + scale);
    }
    if (scales_.count(weight.name) == 0) return;
    for (const char* other : kForProducts)
      if (of_->index().contains(stem + other)) others.insert(stem + other);
  }

  const std::shared_ptr<const WeightSource> of_;
  TensorIndex index_;
  std::map<std::string, std::string> scales_;  // weight -> its scale
  bool has_changed_ = false;
};

}  // namespace

std::shared_ptr<const WeightSource> with_scales(std::shared_ptr<const WeightSource> source) {
  auto scaled = std::make_shared<const ScaledWeights>(source);
  if (scaled->has_changed()) return scaled;
  return source;
}

}  // namespace alice
