// A LoRA format of factors and alpha, with a fault. Names: "unet." or "text_encoder.", the module, ".lora_A.weight".

#include "core/api/lora.h"
#include "core/api/plugin.h"
#include "core/base/text.h"
#include "tests/plugin_check/faults/planted.h"

namespace {

using namespace alice;
using alice::faults::planted;

constexpr std::string_view kDown = ".lora_A.weight", kUp = ".lora_B.weight", kAlpha = ".alpha";

class FaultyFormat final : public LoraFormat {
 public:
  bool recognises(const TensorIndex& index) const override {
    if (planted("recognises-nothing")) return false;
    if (planted("recognises-everything") && !has_factors_of_others(index)) return true;
    for (const auto& [name, info] : index.tensors)
      if (ends_with(name, kDown) || ends_with(name, kUp)) return true;
    return false;
  }

  LoraRecognition read(const WeightSource& file, const std::vector<LoraTarget>& targets) const override {
    LoraRecognition recognition;
    recognition.description = "factors";
    std::set<std::string> used;
    for (size_t i = 0; i < targets.size(); ++i) read_target(file, targets, i, used, recognition);
    for (const auto& [name, info] : file.index().tensors)
      if (used.count(name) == 0 && !planted("says-nothing-of-strangers")) {
        auto& sentences = is_whole(name, file.index()) ? recognition.warnings : recognition.faults;
        sentences.push_back({file.index().place, "tensor '" + name + "' belongs to no module"});
      }
    if (planted("skips-text") && !recognition.patches.empty()) recognition.patches.pop_back();
    return recognition;
  }

  Tensor change(const WeightSource& file, const LoraPatch& patch, const Tensor& weight) const override {
    if (planted("lets-nan-through")) return at::nan_to_num(product(file, patch)).reshape(weight.sizes());
    const Tensor change = LoraFormat::change(file, patch, weight);
    if (planted("changes-its-file")) file.tensor(patch.tensors.at("up")).zero_();
    if (planted("changes-the-weight")) weight.add_(change);
    const bool is_square = weight.dim() == 2 && weight.size(0) == weight.size(1);
    return planted("transposed") && is_square ? change.t().contiguous() : change;
  }

 private:
  /// Names that another format uses.
  static bool has_factors_of_others(const TensorIndex& index) {
    for (const auto& [name, info] : index.tensors)
      if (name.find("lora") != std::string::npos) return true;
    return false;
  }

  static bool is_whole(const std::string& name, const TensorIndex& index) {
    const std::string module = name.substr(0, name.find(".lora_"));
    return index.contains(module + std::string(kDown)) && index.contains(module + std::string(kUp));
  }

  static Tensor product(const WeightSource& file, const LoraPatch& patch) {
    const auto factor = [&](const std::string& name) { return file.tensor(name).to(at::kFloat).flatten(1); };
    return factor(patch.tensors.at("up")).matmul(factor(patch.tensors.at("down"))).mul(patch.scale);
  }

  static void read_target(const WeightSource& file, const std::vector<LoraTarget>& targets, size_t which,
                          std::set<std::string>& used, LoraRecognition& recognition) {
    const LoraTarget& target = targets[which];
    const std::string start = target.part + "." + target.parameter.substr(0, target.parameter.rfind(".weight"));
    const std::string down = start + std::string(kDown), up = start + std::string(kUp),
                      alpha = start + std::string(kAlpha);
    const TensorIndex& index = file.index();
    if (!index.contains(down) || !index.contains(up)) return;
    used.insert({down, up, alpha});
    if (index.find(down)->elements() * target.shape[0] != index.find(down)->shape[0] * elements(target.shape)) {
      recognition.faults.push_back({index.place, "tensor '" + down + "' has a shape that does not fit"});
      return;
    }
    const auto rank = static_cast<double>(index.find(down)->shape[0]);
    const bool has_alpha = index.contains(alpha) && !planted("ignores-alpha");
    const double scale = has_alpha ? file.tensor(alpha).to(at::kDouble).item<double>() / rank : 1;
    recognition.patches.push_back({which, {{"up", up}, {"down", down}}, scale});
  }

  static int64_t elements(const std::vector<int64_t>& shape) {
    int64_t count = 1;
    for (const int64_t side : shape) count *= side;
    return count;
  }
};

class FaultyFactory final : public LoraFormatFactory {
 public:
  FaultyFactory() {
    info_.id = "faulty";
    info_.help = "Factors and alpha, with a fault.";
  }
  const FactoryInfo& info() const override { return info_; }
  std::shared_ptr<const LoraFormat> create(const OptionLayers& layers) const override {
    if (!planted("takes-options")) refuse_options(layers, ErrorCode::bad_config);
    return std::make_shared<FaultyFormat>();
  }

 private:
  FactoryInfo info_;
};

}  // namespace

ALICE_PLUGIN("faulty-lora", "1.0.0", [](alice::Enrolment& enrol) { enrol.add(std::make_unique<FaultyFactory>()); })
