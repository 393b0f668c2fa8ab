#include "plugins/loras/low_rank/low_rank_format.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "core/base/text.h"
#include "plugins/loras/low_rank/methods/method.h"
#include "plugins/loras/low_rank/target_names.h"
#include "plugins/loras/low_rank/words.h"

namespace alice::low_rank {
namespace {

constexpr const char* kAlpha = "alpha";

/// The tensors of one module, by role.
struct FileModule {
  Roles roles;
  FactorName name;
};

/// kohya-ss/sd-scripts: textual inversions that were trained with the LoRA.
constexpr const char* kEmbeddings = "bundle_emb.";

/// Of a module's bias: patches of their own.
constexpr const char* kOfBias[] = {"diff_b", "b_norm"};

/// Takes the bias' tensors out of a module's.
Roles take_bias(Roles& roles) {
  Roles bias;
  for (const char* role : kOfBias)
    if (auto node = roles.extract(role)) bias.insert(std::move(node));
  return bias;
}

/// Turns a file's modules into patches.
class Matcher {
 public:
  Matcher(const WeightSource& file, const std::vector<LoraTarget>& targets, const DefaultScale& default_scale,
          Faults& faults)
      : file_(file), targets_(targets), names_(targets), default_scale_(default_scale), faults_(faults) {}

  void match(FileModule module) {
    const Roles bias = take_bias(module.roles);
    if (!bias.empty()) match(bias, module.name, kBias);
    const bool is_alpha_alone = module.roles.size() == module.roles.count(kAlpha);
    if (bias.empty() || !is_alpha_alone) match(module.roles, module.name, kWeight);
  }

  std::vector<LoraPatch> take_patches() { return std::move(patches_); }

  /// "" when every module is the model's.
  std::string warning() const {
    if (strangers_.empty()) return "";
    return std::to_string(strangers_.size()) + " of its " + std::to_string(modules_) +
           " modules are not in this model, and are passed over: " + some_of(strangers_);
  }

  /// "rank 8, 192 modules of unet, 72 modules of text_encoder"
  std::string description() const {
    if (patches_.empty()) return "no module of this model";
    std::map<std::string, size_t> counts;
    for (const LoraPatch& patch : patches_) ++counts[targets_[patch.target].part];
    std::string text = methods_text();
    if (!ranks_.empty()) text += (text.empty() ? "rank " : ", rank ") + std::to_string(*ranks_.begin());
    if (ranks_.size() > 1) text += " to " + std::to_string(*ranks_.rbegin());
    for (const auto& [part, count] : counts) text += ", " + std::to_string(count) + " modules of " + part;
    return text;
  }

 private:
  void match(const Roles& roles, const FactorName& name, const char* ending) {
    ++modules_;
    const Method* method = method_of(roles);
    const LoraTarget* target = method ? find_target(roles, name, ending) : nullptr;
    if (target == nullptr || !are_floats(roles)) return;
    if (method->wants_matrix() && as_convolution(target->shape).empty()) return add_stranger(roles);
    const Module module(file_, *target, roles, faults_);
    if (!belong_together(module, roles, *method)) return;
    const std::optional<int64_t> rank = method->fit(module);
    if (!rank || !fit_magnitudes(module)) return;
    const std::optional<double> scale = scale_of(roles, name, *rank);
    if (!scale) return;
    if (*rank > 0) ranks_.insert(*rank);
    names_of_methods_.insert(method->name());
    if (module.has(kMagnitudes) || module.has(kRowMagnitudes)) names_of_methods_.insert("DoRA");
    patches_.push_back({static_cast<size_t>(target - targets_.data()), roles, *scale});
    if (!method->reads_alpha()) patches_.back().tensors.erase(kAlpha);
  }

  void fault(const std::string& tensor, const std::string& what) {
    faults_.add(file_.index().place, "tensor '" + tensor + "' " + what);
  }
  const TensorInfo& info(const std::string& tensor) const { return *file_.index().find(tensor); }
  void add_stranger(const Roles& roles) { strangers_.push_back(any_of(roles)); }

  /// Null for what is no method's: an alpha of nothing. Magnitudes alone are a fault.
  const Method* method_of(const Roles& roles) {
    if (const Method* method = method_for(roles)) return method;
    if (roles.count(kMagnitudes) || roles.count(kRowMagnitudes))
      fault(any_of(roles), "gives magnitudes (DoRA), and nothing else changes its module");
    else
      add_stranger(roles);
    return nullptr;
  }

  const LoraTarget* find_target(const Roles& roles, const FactorName& name, const char* ending) {
    const TargetNames::Found found = names_.find(name.part, name.module, ending);
    if (found.ambiguous) {
      fault(any_of(roles), "is for module '" + name.module + "', which the model has more than once");
    } else if (found.target == nullptr) {
      add_stranger(roles);
    } else if (const auto [user, is_first] = users_.emplace(found.target, any_of(roles)); !is_first) {
      fault(any_of(roles), "changes the same module as tensor '" + user->second + "'");
    } else {
      return found.target;
    }
    return nullptr;
  }

  bool are_floats(const Roles& roles) {
    bool good = true;
    for (const auto& [role, tensor] : roles) {
      if (role == kAlpha || role == "on_input" || is_floating(info(tensor).dtype)) continue;  // numbers of any type
      fault(tensor,
            "has the dtype " + info(tensor).dtype_text() + "; F16, BF16, F32, F64, F8_E4M3 or F8_E5M2 can be used");
      good = false;
    }
    return good;
  }

  /// One method changes a module, with magnitudes where it makes a sum of weight and change.
  bool belong_together(const Module& module, const Roles& roles, const Method& method) {
    const std::vector<std::string>& own = method.roles();
    for (const auto& role : roles) {
      const std::string& name = role.first;
      const bool is_magnitude = name == kMagnitudes || name == kRowMagnitudes;
      if (name == kAlpha || std::find(own.begin(), own.end(), name) != own.end()) continue;
      if (!is_magnitude)
        return module.fault(name, std::string("stands beside tensors of another method, ") + method.name());
      if (!method.takes_magnitudes())
        return module.fault(name, std::string("belongs to DoRA of ") + method.name() + ", which is not supported");
    }
    return true;
  }

  std::optional<double> scale_of(const Roles& roles, const FactorName& name, int64_t rank) {
    const auto found = roles.find(kAlpha);
    if (found == roles.end()) return rank > 0 ? default_scale_(name, rank) : 1.0;
    const std::string& tensor = found->second;
    if (info(tensor).elements() != 1) {
      fault(tensor, "has shape " + shape_text(info(tensor).shape) + "; an alpha is one number");
      return std::nullopt;
    }
    const double value = file_.tensor(tensor).to(at::kDouble).item<double>();
    if (std::isfinite(value)) return rank > 0 ? value / static_cast<double>(rank) : 1.0;
    fault(tensor, "is not finite");
    return std::nullopt;
  }

  /// "LoHa, DoRA"; "" where all are plain factors.
  std::string methods_text() const {
    std::string text;
    for (const std::string& name : names_of_methods_)
      if (names_of_methods_.size() > 1 || name != factors()->name()) text += (text.empty() ? "" : ", ") + name;
    return text;
  }

  const WeightSource& file_;
  const std::vector<LoraTarget>& targets_;
  const TargetNames names_;
  const DefaultScale& default_scale_;
  Faults& faults_;
  std::map<const LoraTarget*, std::string> users_;  // which tensor already changes it
  std::vector<LoraPatch> patches_;
  std::set<int64_t> ranks_;
  std::set<std::string> names_of_methods_;
  size_t modules_ = 0;
  std::vector<std::string> strangers_;  // a tensor of each module that the model does not have
};

}  // namespace

bool LowRankFormat::recognises(const TensorIndex& index) const {
  return std::any_of(index.tensors.begin(), index.tensors.end(),
                     [&](const auto& entry) { return is_typical(entry.first); });
}

std::vector<LoraWord> LowRankFormat::words(const TensorIndex& index) const { return words_in(index); }

LoraRecognition LowRankFormat::read(const WeightSource& file, const std::vector<LoraTarget>& targets) const {
  Faults faults;
  const std::string& place = file.index().place;
  std::map<std::pair<std::string, std::string>, FileModule> modules;
  std::vector<std::string> unknown;
  for (const auto& [tensor, info] : file.index().tensors) {
    const std::optional<FactorName> name = parse(tensor);
    if (starts_with(tensor, kEmbeddings)) continue;  // words()
    if (!name) {
      unknown.push_back(tensor);
    } else if (!name->unsupported.empty()) {
      faults.add(place, "tensor '" + tensor + "' belongs to " + name->unsupported + ", which is not supported");
    } else {
      FileModule& module = modules[{name->part, name->module}];
      module.name = *name;
      std::string& present = module.roles[name->role];
      if (!present.empty()) faults.add(place, "tensor '" + tensor + "' means the same as tensor '" + present + "'");
      present = tensor;
    }
  }
  for (auto it = modules.begin(); it != modules.end();) {
    const bool is_nobodys = it->second.roles.size() == 1 && it->second.roles.count("weight") > 0;
    if (is_nobodys) unknown.push_back(it->second.roles.begin()->second);
    it = is_nobodys ? modules.erase(it) : std::next(it);
  }
  const DefaultScale scale = default_scale(file.index(), faults);
  Matcher matcher(file, targets, scale, faults);
  for (const auto& [key, module] : modules) matcher.match(module);
  LoraRecognition recognition;
  recognition.description = std::string(id()) + ", " + matcher.description();
  recognition.patches = matcher.take_patches();
  const auto warn = [&](const std::string& sentence) { recognition.warnings.push_back({place, sentence}); };
  if (const std::string sentence = matcher.warning(); !sentence.empty()) warn(sentence);
  if (!unknown.empty())
    warn(std::to_string(unknown.size()) + " of its tensors have names that the format " + id() +
         " does not know, and are passed over: " + some_of(unknown));
  recognition.faults = faults.list();
  return recognition;
}

Tensor LowRankFormat::change(const WeightSource& file, const LoraPatch& patch, const Tensor& weight) const {
  const Tensor change =
      with_magnitudes(file, patch, weight, method_for(patch.tensors)->change(file, patch, weight));
  if (!std::isfinite(change.min().item<float>()) || !std::isfinite(change.max().item<float>()))  // takes no memory
    throw Error(ErrorCode::bad_weights, file.index().place,
                "tensor '" + any_of(patch.tensors) + "' and those beside it make a change that is not finite");
  return change;
}

DefaultScale LowRankFormat::default_scale(const TensorIndex&, Faults&) const {
  return [](const FactorName&, int64_t) { return 1.0; };
}

bool take_start(std::string_view& text, std::string_view start) {
  if (!starts_with(text, start)) return false;
  text.remove_prefix(start.size());
  return true;
}

bool take_end(std::string_view& text, std::string_view end) {
  if (!ends_with(text, end)) return false;
  text.remove_suffix(end.size());
  return true;
}

std::string take_part(std::string_view& text) {
  for (const char* part : {kUNet, kTextEncoder, kTextEncoder2})
    if (take_start(text, std::string(part) + ".")) return part;
  // As single files and ComfyUI call the parts.
  constexpr std::pair<std::string_view, const char*> kOthers[] = {{"model.diffusion_model.", kUNet},
                                                                  {"diffusion_model.", kUNet},
                                                                  {"cond_stage_model.transformer.", kTextEncoder},
                                                                  {"text_encoders.clip_l.transformer.", kTextEncoder},
                                                                  {"clip_l.transformer.", kTextEncoder},
                                                                  {"clip_l.", kTextEncoder},
                                                                  {"te1.", kTextEncoder}};
  for (const auto& [start, part] : kOthers)
    if (take_start(text, start)) return part;
  return "";
}

std::string unbuilt_method(std::string_view ending) {
  // Yeh et al. 2023 (LyCORIS) gives the methods; the endings are what their software writes.
  constexpr std::pair<std::string_view, const char*> kMethods[] = {
      {"oft_diag", "an older OFT (oft_diag)"},
      {"boft_", "BOFT (boft_*)"},
      {"a1.", "GLoRA (a1, a2, b1, b2)"},
      {"a2.", "GLoRA (a1, a2, b1, b2)"},
      {"b1.", "GLoRA (a1, a2, b1, b2)"},
      {"b2.", "GLoRA (a1, a2, b1, b2)"},
      {"scalar", "LyCORIS' trained scalar (scalar)"},
      {"bias_", "a sparse bias (bias_*)"},
      {"lora_embedding_", "a LoRA of embeddings (lora_embedding_*)"},
  };
  for (const auto& [start, method] : kMethods)
    if (starts_with(ending, start)) return method;
  return starts_with(ending, "lora") && ends_with(ending, "bias") ? "a LoRA with a bias" : "";
}

}  // namespace alice::low_rank
