#include "server/worker/make_model/make_model.h"

#include <unistd.h>

#include <utility>

#include "core/base/atomic_file.h"
#include "core/base/regular_file.h"
#include "core/host/part_choice.h"
#include "core/host/random_weights.h"
#include "core/io/model_files.h"
#include "core/io/part_folder.h"
#include "core/io/safetensors_writer.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndex = "model_index.json";
constexpr const char* kConfig = "config.json";
constexpr const char* kScheduler = "scheduler";

/// A part's folder and file, and what a text encoder needs beside it.
struct PartPlace {
  const char* folder;
  const char* weights;
  const char* tokenizer = nullptr;
};
constexpr PartPlace kTextEncoders[] = {{"text_encoder", "model.safetensors", "tokenizer"},
                                       {"text_encoder_2", "model.safetensors", "tokenizer_2"}};
constexpr PartPlace kUNet = {"unet", "diffusion_pytorch_model.safetensors"};
constexpr PartPlace kVae = {"vae", "diffusion_pytorch_model.safetensors"};

class NoWeights final : public WeightSource {
 public:
  explicit NoWeights(const std::string& place) { index_.place = place; }
  const TensorIndex& index() const override { return index_; }
  Tensor tensor(const std::string& name) const override {
    throw Error(ErrorCode::bad_weights, index_.place, "has no tensor '" + name + "'");
  }

 private:
  TensorIndex index_;
};

/// A folder that gets its name only when everything is in it.
class FolderAside {
 public:
  explicit FolderAside(fs::path folder)
      : folder_(std::move(folder)),
        aside_(folder_.parent_path() / (".alice-model-" + std::to_string(::getpid()) + ".part")) {
    std::error_code status;
    if (fs::exists(fs::symlink_status(folder_, status)))
      throw Error(ErrorCode::bad_request, folder_.string(), "is there already, and a model is not written over");
    if (!fs::create_directory(aside_, status))
      throw Error(ErrorCode::not_found, folder_.string(),
                  "cannot be made: " + (status ? status.message() : aside_.string() + " is in the way"));
  }
  ~FolderAside() {
    std::error_code status;
    fs::remove_all(aside_, status);
  }
  FolderAside(const FolderAside&) = delete;
  FolderAside& operator=(const FolderAside&) = delete;

  const fs::path& path() const { return aside_; }
  void commit() {
    std::error_code status;
    fs::rename(aside_, folder_, status);
    if (status) throw Error(ErrorCode::internal, folder_.string(), "cannot be given its name: " + status.message());
  }

 private:
  const fs::path folder_, aside_;
};

void write_file(const fs::path& file, const std::string& bytes) {
  AtomicFile out(file);
  out.write(bytes);
  out.commit();
}

constexpr size_t kLargestCopy = 64u << 20;  // bytes; settings and vocabularies

void copy_synced(const fs::path& from, const fs::path& to) {
  write_file(to, read_regular_file(from, kLargestCopy));
}

void copy_files(const fs::path& from, const fs::path& to) {
  fs::create_directory(to);
  for (const auto& [name, file] : files_in(from)) copy_synced(file, to / name);
}

class ModelMaker {
 public:
  ModelMaker(Composer& composer, const ModelRecipe& recipe)
      : composer_(composer), recipe_(recipe), out_(without_end_slash(recipe.out)) {}

  std::vector<std::string> run() {
    const Registry& registry = composer_.registry();
    for (const PartPlace& place : kTextEncoders)
      if (is_folder(recipe_.settings / place.folder)) {
        copy_tokenizer(place);
        const auto made = make_part(registry.of<TextEncoderFactory>(), place);
        // Its tokenizer's files are read here, or missed, unless the plugin has them.
        made.load(composer_.backend(composer_.config().default_backend));
      }
    make_part(registry.of<UNetFactory>(), kUNet);
    make_part(registry.of<VaeFactory>(), kVae);
    copy_scheduler();
    write_index();
    out_.commit();
    return std::move(descriptions_);
  }

 private:
  /// "models/x/" means "models/x"; a bare "x" lies in the current folder.
  static fs::path without_end_slash(const fs::path& path) {
    const fs::path whole = fs::absolute(path);
    return whole.has_filename() ? whole : whole.parent_path();
  }

  void copy_tokenizer(const PartPlace& place) {
    const fs::path from = recipe_.settings / place.tokenizer;
    if (is_folder(from)) copy_files(from, out_.path() / place.tokenizer);
  }

  /// Writes a part with weights, and reads it back as any model is read.
  template <class Part>
  PartChoice<Part> make_part(const Factories<ModelFactory<Part>>& factories, const PartPlace& place) {
    const fs::path from = recipe_.settings / place.folder, to = out_.path() / place.folder;
    ModelFiles bare;
    bare.place = from.string();
    bare.config = read_json_object(from / kConfig);
    bare.weights = std::make_shared<NoWeights>(bare.place);
    const PartChoice<Part> wanted = choose_part(factories, bare, place.folder, PartConfig{});

    fs::create_directory(to);
    copy_synced(from / kConfig, to / kConfig);
    write_safetensors(to / place.weights, random_weights(wanted.recognition.parameters, recipe_.dtype, recipe_.seed));

    PartChoice<Part> made = choose_part(factories, open_part(to, place.folder), place.folder, PartConfig{});
    Faults faults;
    for (const Fault& fault : made.recognition.faults) faults.add(from.string(), fault.sentence);
    faults.throw_if_any(ErrorCode::bad_weights);
    note_class(place.folder, bare.config, made.factory->info());
    descriptions_.push_back(std::string(place.folder) + ": " + made.recognition.description);
    return made;
  }

  /// What model_index.json says of a part: whose class it is, and its name.
  void note_class(const std::string& part, const Json& config, const FactoryInfo& factory) {
    const Json architectures = config.value("architectures", Json::array());
    if (config.contains("_class_name"))
      index_[part] = {"diffusers", config["_class_name"]};
    else if (architectures.is_array() && !architectures.empty())
      index_[part] = {"transformers", architectures.front()};
    else
      index_[part] = {"diffusers", factory.classes.empty() ? factory.id : factory.classes.front()};
  }

  void copy_scheduler() {
    const fs::path from = recipe_.settings / kScheduler;
    if (!is_folder(from)) return;  // the plugins' usual one
    copy_files(from, out_.path() / kScheduler);
    const Json config = read_json_object(from / "scheduler_config.json");
    if (config.contains("_class_name")) index_[kScheduler] = {"diffusers", config["_class_name"]};
  }

  void write_index() {
    Json index = is_there(recipe_.settings / kIndex) ? read_json_object(recipe_.settings / kIndex) : index_;
    index["_note"] = "its weights are random: its pictures are noise";
    write_file(out_.path() / kIndex, dump_json(index, 2) + "\n");
  }

  Composer& composer_;
  const ModelRecipe& recipe_;
  FolderAside out_;
  Json index_ = Json::object();
  std::vector<std::string> descriptions_;
};

}  // namespace

std::vector<std::string> make_model(Composer& composer, const ModelRecipe& recipe) {
  if (!is_folder(recipe.settings))
    throw Error(ErrorCode::not_found, recipe.settings.string(), "is no folder of a model's settings");
  return ModelMaker(composer, recipe).run();
}

}  // namespace alice
