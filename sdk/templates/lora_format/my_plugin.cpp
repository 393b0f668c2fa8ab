// my_plugin: LoRA files that are no products of factors but whole differences of weights, one tensor a module, norms
// too: "unet.<module>.diff", "text_encoder.<module>.diff", or "diffusion_model.<module>.diff" with the UNet's names in
// the original layout. Such files are written where two checkpoints are subtracted.

#include <map>

#include "core/api/lora.h"
#include "core/api/plugin.h"

namespace {

using namespace alice;

constexpr std::string_view kWeight = ".weight", kEnding = ".diff";
constexpr const char* kDifference = "difference";  // the only tensor of our patches

bool ends_with(const std::string& name, std::string_view ending) {
  return name.size() > ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
}

/// What changes the parameter "<module>.weight".
std::string difference_of(const std::string& parameter) {
  return parameter.substr(0, parameter.size() - kWeight.size()) + std::string(kEnding);
}

bool is_float(DType dtype) {
  return dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::f32 || dtype == DType::f64;
}

/// The tensors that would change each target.
std::map<std::string, size_t> names_of(const std::vector<LoraTarget>& targets) {
  std::map<std::string, size_t> names;
  for (size_t i = 0; i < targets.size(); ++i) {
    const LoraTarget& target = targets[i];
    if (!ends_with(target.parameter, kWeight)) continue;
    names[target.part + "." + difference_of(target.parameter)] = i;
    if (target.part == "unet" && !target.alias.empty()) names["diffusion_model." + difference_of(target.alias)] = i;
  }
  return names;
}

class Differences final : public LoraFormat {
 public:
  bool recognises(const TensorIndex& index) const override {
    for (const auto& [name, info] : index.tensors)
      if (ends_with(name, kEnding)) return true;
    return false;
  }

  LoraRecognition read(const WeightSource& file, const std::vector<LoraTarget>& targets) const override {
    const auto names = names_of(targets);
    std::map<size_t, std::string> users;
    LoraRecognition recognition;
    std::vector<std::string> strangers;
    const auto fault = [&](const std::string& tensor, const std::string& what) {
      recognition.faults.push_back({file.index().place, "tensor '" + tensor + "' " + what});
    };
    for (const auto& [tensor, info] : file.index().tensors) {
      const auto found = names.find(tensor);
      if (found == names.end())
        strangers.push_back(tensor);
      else if (const auto& shape = targets[found->second].shape; info.shape != shape)
        fault(tensor, "has shape " + shape_text(info.shape) + ", the module has " + shape_text(shape));
      else if (!is_float(info.dtype))
        fault(tensor, std::string("has the dtype ") + to_string(info.dtype) + "; F16, BF16, F32 or F64 can be used");
      else if (const auto [user, is_first] = users.emplace(found->second, tensor); !is_first)
        fault(tensor, "changes the same module as tensor '" + user->second + "'");
      else
        recognition.patches.push_back({found->second, {{kDifference, tensor}}, /*scale=*/1});
    }
    if (!strangers.empty())
      recognition.warnings.push_back(
          {file.index().place, "not used, since this model has no such modules: " + some_of(strangers)});
    recognition.description = "differences of " + std::to_string(recognition.patches.size()) + " modules";
    return recognition;
  }

  /// The difference itself, where other formats multiply factors. A method that asks what the weight was (DoRA) looks
  /// at `weight`.
  Tensor change(const WeightSource& file, const LoraPatch& patch, const Tensor& weight) const override {
    const std::string& tensor = patch.tensors.at(kDifference);
    const Tensor difference = file.tensor(tensor).to(at::kCPU, at::kFloat) * patch.scale;
    const auto refuse = [&](const std::string& what) {
      throw Error(ErrorCode::bad_weights, file.index().place, "tensor '" + tensor + "' " + what);
    };
    if (difference.sizes() != weight.sizes())
      refuse("does not have the module's shape " + shape_text(weight.sizes().vec()));
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
