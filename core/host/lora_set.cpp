#include "core/host/lora_set.h"

#include <c10/util/accumulate.h>

#include <algorithm>

#include "core/base/json.h"
#include "core/base/lora_catalogue.h"
#include "core/base/lora_names.h"
#include "core/base/tensor_files.h"
#include "core/host/chosen_parts.h"
#include "core/host/file_stamp.h"
#include "core/host/plugin_call.h"
#include "core/io/open_tensors.h"

namespace alice {
namespace {

void add_targets(const std::string& part, const ModelWeights& weights, std::vector<LoraTarget>& targets) {
  for (const Parameter& parameter : weights.parameters())
    targets.push_back({part, parameter.name, parameter.alias, parameter.shape});
}

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

/// What one file does to a parameter.
struct Share {
  KnownFormat format;
  std::shared_ptr<const WeightSource> file;
  LoraPatch patch;
  double strength = 1;
};
/// Of a model's targets: index -> what the files do to it, in their order.
using Shares = std::map<size_t, std::vector<Share>>;

Tensor change_of(const Share& share, const Tensor& weight) {
  const auto& [format, who] = share.format;
  const Tensor whole =
      call_plugin(who, [&, &format = format] { return format->change(*share.file, share.patch, weight); });
  return with_shape(whole, weight.sizes(), who) * share.strength;
}

/// Made where the weight is prepared, and gone with it: for a whole model they would be as large as that.
Delta delta_of(std::vector<int64_t> shape, std::vector<Share> shares) {
  return {std::move(shape), [shares = std::move(shares)](const Tensor& weight) {
            Tensor sum;
            for (const Share& share : shares) {
              const Tensor change = change_of(share, weight);
              sum = sum.defined() ? sum.add_(change) : change;
            }
            return sum;
          }};
}

void add_file(const Registry& registry, const std::vector<LoraTarget>& targets, const LoraFile& lora, Shares& shares,
              Faults& faults, std::vector<std::string>& warnings) {
  const std::filesystem::path& path = lora.path;
  const OpenedTensors opened = open_tensors(path);
  const std::shared_ptr<const WeightSource>& file = opened.weights;
  const KnownFormat known = format_of(registry, *file);
  const LoraRecognition recognition = call_plugin(known.who, [&] { return known.format->read(*file, targets); });
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
    if (patch.target >= targets.size())
      throw Error(ErrorCode::internal, path.string(),
                  "its format patches target " + std::to_string(patch.target) + " of " +
                      std::to_string(targets.size()));
    const double strength = strength_on(targets[patch.target].part, lora);
    if (strength != 0) shares[patch.target].push_back({known, file, patch, strength});
  }
}

Shares shares_of(const Registry& registry, const std::vector<LoraTarget>& targets, const std::vector<LoraFile>& files,
                 std::vector<std::string>& warnings) {
  Shares shares;
  Faults faults;
  for (const LoraFile& lora : files) add_file(registry, targets, lora, shares, faults, warnings);
  faults.throw_if_any(ErrorCode::bad_weights);
  return shares;
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

std::vector<LoraFile> LoraLibrary::files_of(const std::vector<LoraUse>& loras, bool paths_allowed) const {
  std::vector<LoraFile> files;
  for (const LoraUse& lora : loras)
    files.push_back({lora.name, find(lora.name, paths_allowed, "/loras"), lora.strength,
                     lora.text_encoder_strength.value_or(lora.strength)});
  return files;
}

std::string key_of(const std::vector<LoraFile>& files) {
  std::string key;
  for (const LoraFile& file : files)
    key += "|" + file_stamp(file.path) + "*" + dump_json(file.unet_strength) + "*" +
           dump_json(file.text_encoder_strength);
  return key;
}

std::vector<LoraTarget> lora_targets(const Model& model) {
  std::vector<LoraTarget> targets;
  add_targets(kUNetRole, model.unet->weights(), targets);
  for (const auto& [role, encoder] : model.text_encoders) add_targets(role, encoder->weights(), targets);
  return targets;
}

LoraReach lora_reach(const Registry& registry, const Model& model, const std::vector<LoraFile>& files) {
  const std::vector<LoraTarget> targets = lora_targets(model);
  std::vector<std::string> warnings;  // apply_loras() tells them
  LoraReach reach;
  for (const auto& [target, shares] : shares_of(registry, targets, files, warnings)) {
    const int64_t numbers = c10::multiply_integers(targets[target].shape);
    reach.changed += numbers;
    reach.largest = std::max(reach.largest, numbers);
  }
  return reach;
}

std::shared_ptr<const Model> apply_loras(const Registry& registry, const Model& model,
                                            const std::vector<LoraFile>& files) {
  const std::vector<LoraTarget> targets = lora_targets(model);
  auto patched = std::make_shared<Model>(model);
  std::map<std::string, Deltas> deltas;  // by part
  for (auto& [target, shares] : shares_of(registry, targets, files, patched->warnings))
    deltas[targets[target].part].emplace(targets[target].parameter, delta_of(targets[target].shape, shares));
  if (deltas.count(kUNetRole)) patched->unet = model.unet->patched(deltas[kUNetRole]);
  for (auto& [role, encoder] : patched->text_encoders)
    if (deltas.count(role)) encoder = encoder->patched(deltas[role]);
  return patched;
}

}  // namespace alice
