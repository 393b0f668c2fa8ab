#include "core/host/lora_set.h"

#include <algorithm>

#include "core/api/lora.h"
#include "core/base/lora_catalogue.h"
#include "core/base/lora_names.h"
#include "core/base/tensor_files.h"
#include "core/base/text.h"
#include "core/host/chosen_parts.h"
#include "core/host/plugin_call.h"
#include "core/io/open_tensors.h"

namespace alice {
namespace {

constexpr std::string_view kWeight = ".weight";

std::string without_weight(const std::string& name) {
  return ends_with(name, kWeight) ? name.substr(0, name.size() - kWeight.size()) : "";
}

void add_targets(const std::string& part, const ModelWeights& weights, std::vector<LoraTarget>& targets) {
  for (const Parameter& parameter : weights.parameters()) {
    const bool is_matrix = parameter.shape.size() == 2 || parameter.shape.size() == 4;
    if (is_matrix && ends_with(parameter.name, kWeight))
      targets.push_back({part, without_weight(parameter.name), without_weight(parameter.alias), parameter.shape});
  }
}

/// part -> deltas
using PartDeltas = std::map<std::string, Deltas>;

double strength_on(const std::string& part, const LoraFile& lora) {
  return part == kUNetRole ? lora.unet_strength : lora.text_encoder_strength;
}

/// A format that knows a file, and whom to blame for what it does.
struct KnownFormat {
  std::shared_ptr<const LoraFormat> format;
  std::string who;
};

KnownFormat format_of(const Registry& registry, const WeightSource& file) {
  std::string known;
  for (const LoraFormatFactory* factory : registry.of<LoraFormatFactory>().all()) {
    const std::string who = "the LoRA format " + factory->info().id;
    std::shared_ptr<const LoraFormat> format = factory->create({});
    if (call_plugin(who, [&] { return format->recognises(file.index()); })) return {format, who};
    known += (known.empty() ? "" : ", ") + factory->info().id;
  }
  throw Error(ErrorCode::unsupported, file.index().place,
              "no LoRA format knows its tensor names (known: " + known + ")");
}

void add_file(const Registry& registry, const std::vector<LoraTarget>& targets, const LoraFile& lora, PartDeltas& sums,
              Faults& faults, std::vector<std::string>& warnings) {
  const std::filesystem::path& path = lora.path;
  const OpenedTensors opened = open_tensors(path);
  const std::shared_ptr<const WeightSource>& file = opened.weights;
  const auto [format, who] = format_of(registry, *file);
  const LoraRecognition recognition = call_plugin(who, [&, &format = format] { return format->read(*file, targets); });
  constexpr size_t kMostNamed = 8;  // a LoRA of another architecture has hundreds
  for (size_t i = 0; i < recognition.faults.size() && i < kMostNamed; ++i)
    faults.add(recognition.faults[i].place, recognition.faults[i].sentence);
  if (recognition.faults.size() > kMostNamed)
    faults.add(path.string(), "and " + std::to_string(recognition.faults.size() - kMostNamed) +
                                  " more faults: is it made for this model?");
  if (!recognition.faults.empty()) return;
  if (recognition.patches.empty()) {
    const std::string why = recognition.warnings.empty() ? "" : ": " + recognition.warnings.front().sentence;
    return faults.add(path.string(), "nothing in it is for this model" + why);
  }
  for (const Fault& warning : opened.warnings) warnings.push_back("LoRA '" + lora.name + "': " + warning.sentence);
  for (const Fault& warning : recognition.warnings)
    warnings.push_back("LoRA '" + lora.name + "': " + warning.sentence + " (applied: " + recognition.description + ")");

  for (const LoraPatch& patch : recognition.patches) {
    const auto target = std::find_if(targets.begin(), targets.end(), [&](const LoraTarget& t) {
      return t.part == patch.part && t.module == patch.module;
    });
    if (target == targets.end())
      throw Error(ErrorCode::internal, path.string(), "its format patches '" + patch.module + "', which was no target");
    const double strength = strength_on(patch.part, lora);
    if (strength == 0) continue;
    const Tensor whole = call_plugin(who, [&, &format = format] { return format->delta(*file, patch, target->shape); });
    Tensor delta = with_shape(whole, target->shape, who) * strength;
    Tensor& sum = sums[patch.part][patch.module + std::string(kWeight)];
    sum = sum.defined() ? sum + delta : delta;
  }
}

}  // namespace

std::vector<std::filesystem::path> lora_folders(const HostConfig& config) {
  std::vector<std::filesystem::path> folders = {config.models_directory / "loras"};
  if (!config.shipped_models.empty()) folders.push_back(config.shipped_models / "loras");
  return folders;
}

LoraLibrary::LoraLibrary(std::vector<std::filesystem::path> folders) : folders_(std::move(folders)) {}

std::map<std::string, std::filesystem::path> LoraLibrary::all() const {
  std::map<std::string, std::filesystem::path> loras;
  for (const std::filesystem::path& folder : folders_) loras.merge(list_loras(folder));
  return loras;
}

std::vector<std::string> LoraLibrary::names() const {
  std::vector<std::string> names;
  for (const auto& lora : all()) names.push_back(lora.first);
  return names;
}

std::filesystem::path LoraLibrary::find(const std::string& name, bool paths_allowed, const std::string& place) const {
  std::error_code status;
  if (paths_allowed && !without_tensor_ending(name).empty() && std::filesystem::is_regular_file(name, status))
    return name;
  const std::map<std::string, std::filesystem::path> loras = all();
  std::vector<std::string> ids;
  for (const auto& lora : loras) ids.push_back(lora.first);
  return loras.at(lora_called(name, ids, place));
}

std::vector<LoraTarget> lora_targets(const Model& model) {
  std::vector<LoraTarget> targets;
  add_targets(kUNetRole, model.unet->weights(), targets);
  for (const auto& [role, encoder] : model.text_encoders) add_targets(role, encoder->weights(), targets);
  return targets;
}

std::shared_ptr<const Model> apply_loras(const Registry& registry, const Model& model,
                                            const std::vector<LoraFile>& files) {
  const std::vector<LoraTarget> targets = lora_targets(model);
  auto patched = std::make_shared<Model>(model);
  PartDeltas sums;
  Faults faults;
  for (const LoraFile& lora : files) add_file(registry, targets, lora, sums, faults, patched->warnings);
  faults.throw_if_any(ErrorCode::bad_weights);

  if (sums.count(kUNetRole)) patched->unet = model.unet->patched(sums[kUNetRole]);
  for (auto& [role, encoder] : patched->text_encoders)
    if (sums.count(role)) encoder = encoder->patched(sums[role]);
  return patched;
}

}  // namespace alice
