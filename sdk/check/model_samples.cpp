#include "sdk/check/model_samples.h"

#include "core/host/random_weights.h"
#include "core/io/part_folder.h"
#include "known_models_text.h"
#include "sdk/check/memory_tensors.h"
#include "sdk/check/refusal.h"

namespace alice::check {
namespace {

namespace fs = std::filesystem;

std::string kind_from(const std::string& name) {
  for (const std::string& kind : names_of(PartFactories()))
    if (name == kind) return kind;
  throw Error(ErrorCode::internal, "known_models.json", "'" + name + "' is no kind of model");
}

void add_folder(const fs::path& folder, const std::string& kind, const fs::path& tokenizer,
                std::vector<ModelSettings>& list) {
  if (!is_there(folder / "config.json")) return;
  ModelSettings settings{folder.string(), kind, read_json_object(folder / "config.json"), files_in(folder)};
  if (is_folder(tokenizer)) settings.assets = files_in(tokenizer);
  list.push_back(std::move(settings));
}

/// A part's own folder, or that of a whole model.
std::vector<ModelSettings> settings_in(const fs::path& folder, const std::string& part) {
  std::vector<ModelSettings> list;
  add_folder(folder, part, folder / "tokenizer", list);
  add_folder(folder / part, part, folder / "tokenizer", list);
  add_folder(folder / (part + "_2"), part, folder / "tokenizer_2", list);
  if (list.empty())
    throw Error(ErrorCode::not_found, folder.string(), "has neither a config.json nor a " + part + "/config.json");
  return list;
}

}  // namespace

ModelFiles ModelSettings::files() const {
  ModelFiles files;
  files.place = name;
  files.config = config;
  files.weights = std::make_shared<MemoryTensors>(std::map<std::string, Tensor>{});
  files.assets = assets;
  return files;
}

const std::vector<ModelSettings>& known_settings() {
  static const std::vector<ModelSettings> all = [] {
    std::vector<ModelSettings> list;
    for (const Json& one : parse_json(kKnownModelsText, "known_models.json"))
      list.push_back({one.at("name"), kind_from(one.at("kind")), one.at("config"), {}});
    return list;
  }();
  return all;
}

ModelFiles ModelSample::with(std::map<std::string, Tensor> changed) const {
  ModelFiles other = files;
  other.weights = std::make_shared<MemoryTensors>(std::move(changed));
  return other;
}

std::vector<ModelSample> model_samples(const Recognise& recognise, const Case& it) {
  const bool from_author = !it.given.config_folder.empty();
  std::vector<ModelSample> samples;
  for (const ModelSettings& settings :
       from_author ? settings_in(it.given.config_folder, it.subject.kind) : known_settings()) {
    const ModelFiles bare = settings.files();
    std::optional<Recognition> wanted;
    const auto error = refusal([&] { wanted = recognise(bare); });
    if (error && from_author) throw *error;
    if (error || !wanted || settings.kind != it.subject.kind) continue;

    ModelSample sample{settings.name, random_weights(wanted->parameters, at::kFloat, it.seed), bare, {}};
    sample.files = sample.with(sample.tensors);
    auto recognition = recognise(sample.files);
    if (!recognition) fail(sample.name + " is recognised without its tensors, but not with all that it asks for");
    sample.recognition = std::move(*recognition);
    samples.push_back(std::move(sample));
  }
  if (!samples.empty()) return samples;
  fail(from_author ? "recognise() takes nothing in " + it.given.config_folder + " for its own"
                   : "recognise() takes none of the settings that the checker knows for its own, so nothing was tried: "
                     "give the folder of a config.json of your architecture with --config FOLDER");
}

}  // namespace alice::check
