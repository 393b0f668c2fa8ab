#include "core/io/model_files.h"

#include <utility>

#include "core/base/one_line.h"
#include "core/base/utf8.h"
#include "core/io/named_path.h"
#include "core/io/open_tensors.h"
#include "core/io/part_folder.h"
#include "core/io/scaled_weights.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndex = "model_index.json";
constexpr const char* kScheduler = "scheduler";
constexpr const char* kDefaults = "_defaults";
constexpr const char* kLosses = "_losses";
constexpr const char* kExamples = "_examples";

struct PartName {
  const char* part;
  const char* tokenizer;  ///< the folder whose files belong to it; "" for none
};
constexpr PartName kParts[] = {
    {"text_encoder", "tokenizer"}, {"text_encoder_2", "tokenizer_2"}, {"unet", ""}, {"vae", ""}};

[[noreturn]] void fail(const fs::path& file, const std::string& sentence) {
  throw Error(ErrorCode::bad_weights, file.string(), sentence);
}

bool must_be_class(const std::string& member) {
  for (const PartName& name : kParts)
    if (member == name.part || member == name.tokenizer) return true;
  return member == kScheduler;
}

/// ["diffusers", "UNet2DConditionModel"] -> the class; [null, null] and null -> "". False when it is neither.
bool read_class(const Json& entry, std::string& out) {
  out.clear();
  if (entry.is_null()) return true;
  if (!entry.is_array() || entry.size() != 2) return false;
  if (entry[1].is_null()) return entry[0].is_null();
  if (!entry[0].is_string() || !entry[1].is_string()) return false;
  out = entry[1].get<std::string>();
  return true;
}

void read_examples(const Json& index, const fs::path& index_file, std::vector<std::string>& examples) {
  const auto found = index.find(kExamples);
  if (found == index.end()) return;
  if (!found->is_array()) fail(index_file, std::string("'") + kExamples + "' must be a list of prompts");
  for (const Json& example : *found) {
    if (!example.is_string()) fail(index_file, std::string("'") + kExamples + "' must be a list of prompts");
    examples.push_back(example.get<std::string>());
  }
}

/// Members that are no pair of library and class are settings of the model, unless they are parts that we know.
void read_model_index(const fs::path& index_file, StoredModel& model) {
  const Json& index = model.index = read_json_object(index_file);
  for (const auto& member : index.items()) {
    std::string class_name;
    if (read_class(member.value(), class_name)) {
      if (!class_name.empty()) model.classes[member.key()] = class_name;
    } else if (must_be_class(member.key())) {
      fail(index_file, "'" + member.key() + "' must be a list of library and class name, or null, not " +
                           brief(dump_json(member.value())));
    }
  }
  const auto read_text = [&](const char* name, std::string& into) {
    const auto found = index.find(name);
    if (found == index.end()) return;
    if (!found->is_string()) fail(index_file, std::string("'") + name + "' must be a string");
    into = found->get<std::string>();
  };
  read_text("_class_name", model.pipeline_class);
  read_text("_note", model.note);
  model.note = on_one_line(model.note);  // it goes to terminals and logs
  const auto read_object = [&](const char* name, Json& into) {
    into = index.value(name, Json());
    if (!into.is_null() && !into.is_object())
      fail(index_file, std::string("'") + name + "' must be an object, not " + brief(dump_json(into)));
  };
  read_object(kDefaults, model.defaults);
  read_object(kLosses, model.losses);
  read_examples(index, index_file, model.examples);
}

void add_assets(const fs::path& tokenizer, ModelFiles& files) {
  for (auto& [file_name, file] : files_in(tokenizer)) files.assets[file_name] = file;
}

ModelFiles open_named_part(const fs::path& folder, const PartName& name, const std::string& variant,
                           std::vector<Fault>& warnings) {
  const fs::path part_folder = folder / name.part;
  if (!is_folder(part_folder))
    fail(folder / kIndex,
         std::string("names the part '") + name.part + "', but there is no folder " + part_folder.string());
  ModelFiles files = open_part_folder(part_folder, variant, &warnings);
  const fs::path tokenizer = folder / name.tokenizer;
  if (*name.tokenizer != '\0' && is_folder(tokenizer)) add_assets(tokenizer, files);
  return files;
}

Json read_scheduler_config(const fs::path& folder, bool named) {
  const fs::path file = folder / kScheduler / "scheduler_config.json";
  if (is_there(file)) return read_json_object(file);
  if (named) fail(folder / kIndex, "names a scheduler, but there is no " + file.string());
  return nullptr;
}

/// "x" lies in ".".
fs::path folder_of(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

/// What lies beside a single file and says what its tensors cannot.
struct FileSettings {
  Json object = Json::object();
  std::map<std::string, fs::path> tokenizers;  ///< folders, by the names of a model folder's
  std::vector<Fault> warnings;
};

/// `root`: what the settings' text must not lead out of.
void read_tokenizer(const fs::path& beside, const fs::path& root, const char* name, FileSettings& settings) {
  const Json folder = settings.object.value(name, Json());
  if (folder.is_null()) return;
  const auto wrong = [&] { return std::string("'") + name + "' must name a folder, not " + brief(dump_json(folder)); };
  if (!folder.is_string()) fail(beside, wrong());
  const fs::path path = named_within(root, beside.parent_path(), folder.get<std::string>());
  if (path.empty())
    fail(beside, std::string("'") + name + "' names " + brief(dump_json(folder)) + ", which lies outside " +
                     root.string() + ": put the folder in there, or a link to it");
  if (!is_folder(path)) fail(beside, wrong());
  settings.tokenizers[name] = path;
}

/// A part's settings must be an object. A text is somebody else's: A1111's cards have the name of a VAE there.
void check_settings(const fs::path& beside, const char* name, FileSettings& settings) {
  const auto found = settings.object.find(name);
  if (found == settings.object.end() || found->is_object() || found->is_null()) return;
  const std::string said = std::string("'") + name + "' must be an object of settings, not " + brief(dump_json(*found));
  if (!found->is_string()) fail(beside, said);
  settings.warnings.push_back({beside.string(), said + ": it is passed over"});
  settings.object.erase(found);
}

FileSettings read_settings(const fs::path& file, const fs::path& root) {
  for (const fs::path& beside : {fs::path(file) += ".json", fs::path(file).replace_extension(".json")}) {
    if (!is_there(beside)) continue;
    FileSettings settings{read_json_object(beside), {}, {}};
    for (const PartName& name : kParts) {
      check_settings(beside, name.part, settings);
      if (*name.tokenizer != '\0') read_tokenizer(beside, root, name.tokenizer, settings);
    }
    check_settings(beside, kScheduler, settings);
    check_settings(beside, kDefaults, settings);
    check_settings(beside, kLosses, settings);
    return settings;
  }
  return {};
}

}  // namespace

StoredModel open_model(const fs::path& source, const std::string& variant, const fs::path& models) {
  if (is_folder(source)) return open_model_folder(source, variant);
  if (!is_there(source)) throw Error(ErrorCode::not_found, source.string(), "is not there");
  return open_model_file(source, models);
}

StoredModel open_model_folder(const fs::path& folder, const std::string& variant) {
  if (!is_there(folder / kIndex))
    throw Error(ErrorCode::not_found, folder.string(),
                std::string("holds no ") + kIndex + ": it is no folder of a diffusers model");
  StoredModel model;
  model.place = folder.string();
  model.is_folder = true;
  read_model_index(folder / kIndex, model);
  for (const PartName& name : kParts)
    if (model.classes.count(name.part) > 0)
      model.parts[name.part] = open_named_part(folder, name, variant, model.warnings);
  model.scheduler_config = read_scheduler_config(folder, model.classes.count(kScheduler) > 0);
  return model;
}

StoredModel open_model_file(const fs::path& file, const fs::path& models) {
  StoredModel model;
  model.place = file.string();
  const OpenedTensors opened = open_tensors(file);
  const auto weights = with_scales(opened.weights);
  const bool is_among_models = !models.empty() && !named_within(models, ".", file.string()).empty();
  FileSettings settings = read_settings(file, is_among_models ? models : folder_of(file));
  model.whole = weights;
  for (const PartName& name : kParts) {
    ModelFiles& part = model.parts[name.part];
    part.place = model.place;
    part.weights = weights;
    part.config = settings.object.value(name.part, Json());
    const auto tokenizer = settings.tokenizers.find(name.tokenizer);
    if (tokenizer != settings.tokenizers.end()) add_assets(tokenizer->second, part);
  }
  model.scheduler_config = settings.object.value(kScheduler, Json());
  model.defaults = settings.object.value(kDefaults, Json());
  model.warnings = opened.warnings;
  model.warnings.insert(model.warnings.end(), settings.warnings.begin(), settings.warnings.end());
  model.losses = settings.object.value(kLosses, Json());
  read_examples(settings.object, file, model.examples);
  model.index = std::move(settings.object);
  return model;
}

ModelFiles open_part(const fs::path& source, const std::string& part, const std::string& variant,
                     std::vector<Fault>* warnings) {
  if (is_folder(source) && !is_there(source / kIndex)) return open_part_folder(source, variant, warnings);
  StoredModel model = open_model(source, variant);
  const auto found = model.parts.find(part);
  if (found == model.parts.end()) throw Error(ErrorCode::not_found, model.place, "has no part '" + part + "'");
  if (warnings != nullptr) warnings->insert(warnings->end(), model.warnings.begin(), model.warnings.end());
  return std::move(found->second);
}

}  // namespace alice
