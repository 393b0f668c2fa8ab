#include "plugins/loras/low_rank/low_rank_format.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "core/base/text.h"
#include "plugins/loras/low_rank/target_names.h"

namespace alice::low_rank {
namespace {

using Role = FactorName::Role;

/// The tensors of one module, by role.
struct Module {
  std::array<std::string, 4> tensors;
  FactorName name;

  std::string& operator[](Role role) { return tensors[static_cast<size_t>(role)]; }
  const std::string& operator[](Role role) const { return tensors[static_cast<size_t>(role)]; }
  const std::string& any() const {
    return *std::find_if(tensors.begin(), tensors.end(), [](const std::string& tensor) { return !tensor.empty(); });
  }
};

/// kohya-ss/sd-scripts: textual inversions that were trained with the LoRA.
constexpr const char* kEmbeddings = "bundle_emb.";

/// More than this times the weight's smaller side is no low rank: a full matrix needs one time, and the factors of a
/// damaged file would take any amount of memory. What is small anyway may be more: one rank for all modules is usual.
constexpr int64_t kMostRank = 4, kSmallRank = 256;

/// A matrix as the convolution of one pixel that it is: [rows, columns, 1, 1]. Empty when it is neither.
std::vector<int64_t> as_convolution(std::vector<int64_t> shape) {
  if (shape.size() == 2) shape.insert(shape.end(), {1, 1});
  if (shape.size() != 4) shape.clear();
  return shape;
}

/// Turns a file's modules into patches.
class Matcher {
 public:
  Matcher(const WeightSource& file, const std::vector<LoraTarget>& targets, const DefaultScale& default_scale,
          Faults& faults)
      : file_(file), targets_(targets), names_(targets), default_scale_(default_scale), faults_(faults) {}

  void match(const Module& module) {
    ++modules_;
    const LoraTarget* target = find_target(module);
    if (target == nullptr || !is_whole(module) || !are_floats(module)) return;
    const std::optional<int64_t> rank = fitting_rank(module, *target);
    if (!rank) return;
    const std::optional<double> scale = scale_of(module, *rank);
    if (!scale) return;
    ranks_.insert(*rank);
    LoraPatch patch;
    patch.target = static_cast<size_t>(target - targets_.data());
    patch.tensors = {{"up", module[Role::up]}, {"down", module[Role::down]}};
    if (!module[Role::mid].empty()) patch.tensors["mid"] = module[Role::mid];
    patch.scale = *scale;
    patches_.push_back(std::move(patch));
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
    std::string text = "rank " + std::to_string(*ranks_.begin());
    if (ranks_.size() > 1) text += " to " + std::to_string(*ranks_.rbegin());
    for (const auto& [part, count] : counts) text += ", " + std::to_string(count) + " modules of " + part;
    return text;
  }

 private:
  void fault(const std::string& tensor, const std::string& what) {
    faults_.add(file_.index().place, "tensor '" + tensor + "' " + what);
  }
  const TensorInfo& info(const std::string& tensor) const { return *file_.index().find(tensor); }

  const LoraTarget* find_target(const Module& module) {
    const FactorName& name = module.name;
    const TargetNames::Found found = names_.find(name.part, name.module);
    if (found.ambiguous) {
      fault(module.any(), "is for module '" + name.module + "', which the model has more than once");
    } else if (found.target == nullptr) {
      strangers_.push_back(module.any());
    } else if (const auto [user, is_first] = users_.emplace(found.target, module.any()); !is_first) {
      fault(module.any(), "changes the same module as tensor '" + user->second + "'");
    } else {
      return found.target;
    }
    return nullptr;
  }

  bool is_whole(const Module& module) {
    if (module[Role::up].empty() && module[Role::down].empty() && module[Role::mid].empty()) {
      strangers_.push_back(module.any());  // an alpha of nothing
      return false;
    }
    if (module[Role::up].empty())
      fault(module.any(), "has no up half beside it");
    else if (module[Role::down].empty())
      fault(module.any(), "has no down half beside it");
    else
      return true;
    return false;
  }

  bool are_floats(const Module& module) {
    bool good = true;
    for (const Role role : {Role::up, Role::down, Role::mid}) {  // an alpha may be of any type
      const std::string& tensor = module[role];
      if (tensor.empty() || is_floating(info(tensor).dtype)) continue;
      fault(tensor,
            "has the dtype " + info(tensor).dtype_text() + "; F16, BF16, F32, F64, F8_E4M3 or F8_E5M2 can be used");
      good = false;
    }
    return good;
  }

  /// Checks the factors' shapes against the target's; the rank when they fit.
  std::optional<int64_t> fitting_rank(const Module& module, const LoraTarget& target) {
    const std::string &up_name = module[Role::up], &down_name = module[Role::down], &mid_name = module[Role::mid];
    const auto weight = as_convolution(target.shape);
    const auto up = as_convolution(info(up_name).shape), down = as_convolution(info(down_name).shape);
    if (weight.empty() || down.empty()) {
      fault(down_name,
            "has shape " + shape_text(info(down_name).shape) + " for a weight of shape " + shape_text(target.shape));
      return std::nullopt;
    }
    const int64_t rank = down[0];
    const bool tucker = !mid_name.empty();
    const auto expect = [&](const std::string& tensor, const std::vector<int64_t>& actual,
                            const std::vector<int64_t>& wanted) {
      if (actual == wanted) return true;
      fault(tensor, "has shape " + shape_text(info(tensor).shape) + ", but a weight of shape " +
                        shape_text(target.shape) + " and rank " + std::to_string(rank) + " need " + shape_text(wanted));
      return false;
    };
    const int64_t side = std::min(weight[0], weight[1] * weight[2] * weight[3]);
    const int64_t largest = std::max(kSmallRank, kMostRank * side);
    if (rank == 0 || rank > largest) {
      fault(down_name, "has rank " + std::to_string(rank) + "; a weight of shape " + shape_text(target.shape) +
                            " can have 1 to " + std::to_string(largest));
      return std::nullopt;
    }
    bool good = expect(up_name, up, {weight[0], rank, 1, 1});
    good = expect(down_name, down, {rank, weight[1], tucker ? 1 : weight[2], tucker ? 1 : weight[3]}) && good;
    if (tucker) good = expect(mid_name, info(mid_name).shape, {rank, rank, weight[2], weight[3]}) && good;
    return good ? std::optional<int64_t>(rank) : std::nullopt;
  }

  std::optional<double> scale_of(const Module& module, int64_t rank) {
    const std::string& tensor = module[Role::alpha];
    if (tensor.empty()) return default_scale_(module.name, rank);
    const TensorInfo& alpha = info(tensor);
    if (alpha.elements() != 1) {
      fault(tensor, "has shape " + shape_text(alpha.shape) + "; an alpha is one number");
      return std::nullopt;
    }
    const double value = file_.tensor(tensor).to(at::kDouble).item<double>();
    if (std::isfinite(value)) return value / static_cast<double>(rank);
    fault(tensor, "is not finite");
    return std::nullopt;
  }

  const WeightSource& file_;
  const std::vector<LoraTarget>& targets_;
  const TargetNames names_;
  const DefaultScale& default_scale_;
  Faults& faults_;
  std::map<const LoraTarget*, std::string> users_;  // which tensor already changes it
  std::vector<LoraPatch> patches_;
  std::set<int64_t> ranks_;
  size_t modules_ = 0;
  std::vector<std::string> strangers_;  // a tensor of each module that the model does not have
};

}  // namespace

bool LowRankFormat::recognises(const TensorIndex& index) const {
  return std::any_of(index.tensors.begin(), index.tensors.end(),
                     [&](const auto& entry) { return is_typical(entry.first); });
}

LoraRecognition LowRankFormat::read(const WeightSource& file, const std::vector<LoraTarget>& targets) const {
  Faults faults;
  const std::string& place = file.index().place;
  std::map<std::pair<std::string, std::string>, Module> modules;
  std::vector<std::string> unknown;
  size_t embeddings = 0;
  for (const auto& [tensor, info] : file.index().tensors) {
    const std::optional<FactorName> name = parse(tensor);
    if (starts_with(tensor, kEmbeddings)) {
      ++embeddings;
    } else if (!name) {
      unknown.push_back(tensor);
    } else if (!name->unsupported.empty()) {
      faults.add(place, "tensor '" + tensor + "' belongs to " + name->unsupported + ", which is not supported");
    } else {
      Module& module = modules[{name->part, name->module}];
      module.name = *name;
      std::string& present = module[name->role];
      if (!present.empty()) faults.add(place, "tensor '" + tensor + "' means the same as tensor '" + present + "'");
      present = tensor;
    }
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
  if (embeddings > 0)
    warn("it bundles textual inversions (" + std::to_string(embeddings) +
         " tensors), which are not built: prompts that name them are read as plain words");
  recognition.faults = faults.list();
  return recognition;
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

std::string method_of(std::string_view ending) {
  // Yeh et al. 2023 (LyCORIS) and Liu et al. 2024 (DoRA) give the methods; the endings are what their software writes.
  constexpr std::pair<std::string_view, const char*> kMethods[] = {
      {"hada_", "LoHa (hada_*)"},
      {"lokr_", "LoKr (lokr_*)"},
      {"dora_scale", "DoRA (dora_scale)"},
      {"lora_magnitude_vector", "DoRA (lora_magnitude_vector)"},
      {"oft_", "OFT (oft_*)"},
      {"boft_", "BOFT (boft_*)"},
      {"diff", "a full difference of weights (diff, diff_b)"},
      {"w_norm", "changed norms (w_norm, b_norm)"},
      {"b_norm", "changed norms (w_norm, b_norm)"},
      {"on_input", "IA3 (on_input)"},
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
