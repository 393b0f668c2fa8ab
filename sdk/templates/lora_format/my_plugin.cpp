// my_plugin: LoRA files that are no products of factors but whole differences of weights, one tensor a module:
// "unet.<module>.diff", "text_encoder.<module>.diff", or "diffusion_model.<module>.diff" with the UNet's names in the
// original layout. Such files are written where two checkpoints are subtracted.

#include <map>

#include "core/api/lora.h"
#include "core/api/plugin.h"

namespace {

using namespace alice;

constexpr std::string_view kEnding = ".diff";

bool is_difference(const std::string& tensor) {
  return tensor.size() > kEnding.size() && tensor.compare(tensor.size() - kEnding.size(), kEnding.size(), kEnding) == 0;
}

bool is_float(DType dtype) {
  return dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::f32 || dtype == DType::f64;
}

/// The tensors that would change each target.
std::map<std::string, const LoraTarget*> names_of(const std::vector<LoraTarget>& targets) {
  std::map<std::string, const LoraTarget*> names;
  for (const LoraTarget& target : targets) {
    names[target.part + "." + target.module + std::string(kEnding)] = &target;
    if (target.part == "unet" && !target.alias.empty())
      names["diffusion_model." + target.alias + std::string(kEnding)] = &target;
  }
  return names;
}

class Differences final : public LoraFormat {
 public:
  bool recognises(const TensorIndex& index) const override {
    for (const auto& [name, info] : index.tensors)
      if (is_difference(name)) return true;
    return false;
  }

  LoraRecognition read(const WeightSource& file, const std::vector<LoraTarget>& targets) const override {
    const auto names = names_of(targets);
    std::map<const LoraTarget*, std::string> users;
    LoraRecognition recognition;
    std::vector<std::string> strangers;
    const auto fault = [&](const std::string& tensor, const std::string& what) {
      recognition.faults.push_back({file.index().place, "tensor '" + tensor + "' " + what});
    };
    for (const auto& [tensor, info] : file.index().tensors) {
      const auto found = names.find(tensor);
      if (found == names.end())
        strangers.push_back(tensor);
      else if (info.shape != found->second->shape)
        fault(tensor, "has shape " + shape_text(info.shape) + ", the module has " + shape_text(found->second->shape));
      else if (!is_float(info.dtype))
        fault(tensor, std::string("has the dtype ") + to_string(info.dtype) + "; F16, BF16, F32 or F64 can be used");
      else if (const auto [user, is_first] = users.emplace(found->second, tensor); !is_first)
        fault(tensor, "changes the same module as tensor '" + user->second + "'");
      else
        recognition.patches.push_back({found->second->part, found->second->module, /*up=*/tensor, "", "", 1});
    }
    if (!strangers.empty())
      recognition.warnings.push_back(
          {file.index().place, "not used, since this model has no such modules: " + some_of(strangers)});
    recognition.description = "differences of " + std::to_string(recognition.patches.size()) + " modules";
    return recognition;
  }

  /// The difference itself, where other formats multiply factors.
  Tensor delta(const WeightSource& file, const LoraPatch& patch, const std::vector<int64_t>& shape) const override {
    const Tensor difference = file.tensor(patch.up).to(at::kCPU, at::kFloat) * patch.scale;
    const auto refuse = [&](const std::string& what) {
      throw Error(ErrorCode::bad_weights, file.index().place, "tensor '" + patch.up + "' " + what);
    };
    if (difference.sizes().vec() != shape) refuse("does not have the module's shape " + shape_text(shape));
    if (!at::isfinite(difference).all().item<bool>()) refuse("holds NaN or infinite numbers");
    return difference;
  }
};

class DifferencesFactory final : public LoraFormatFactory {
 public:
  const FactoryInfo& info() const override {
    static const FactoryInfo info = [] {
      FactoryInfo i;
      i.id = "my_plugin";
      i.help = "unet.*.diff: whole differences of weights.";
      return i;
    }();
    return info;
  }
  std::shared_ptr<const LoraFormat> create(const OptionLayers& options) const override {
    refuse_options(options, ErrorCode::bad_config);
    return std::make_shared<Differences>();
  }
};

}  // namespace

ALICE_PLUGIN("my_plugin", "0.1.0", [](alice::Enrolment& enrol) { enrol.add(std::make_unique<DifferencesFactory>()); })
