#include "sdk/check/family_samples.h"

#include <algorithm>

#include "core/base/tensor_files.h"
#include "core/io/model_files.h"
#include "core/io/part_folder.h"
#include "known_families_text.h"
#include "sdk/check/memory_tensors.h"
#include "sdk/check/model_use.h"

namespace alice::check {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndex = "model_index.json";
constexpr const char* kParts = "parts.json";
constexpr const char* kFurther = "further_conditioning";
constexpr const char* kRoles[] = {"text_encoder", "text_encoder_2", "unet", "vae"};  // of ModelContents::parts

/// A file whose head may be read, and no more.
class HeadersOnly final : public WeightSource {
 public:
  explicit HeadersOnly(std::shared_ptr<const WeightSource> file) : file_(std::move(file)) {}
  const TensorIndex& index() const override { return file_->index(); }
  Tensor tensor(const std::string& name) const override {
    fail("it reads the numbers of tensor '" + name + "', where names, shapes and JSON must do");
  }

 private:
  std::shared_ptr<const WeightSource> file_;
};

void show_headers_only(ModelContents& model) {
  if (model.whole) model.whole = std::make_shared<HeadersOnly>(model.whole);
  for (auto& one : model.parts) one.second.weights = std::make_shared<HeadersOnly>(one.second.weights);
}

const OptionTable<TextEncoderInfo>& text_table() {
  static const OptionTable<TextEncoderInfo> table =
      OptionTable<TextEncoderInfo>()
          .integer("token_limit", &TextEncoderInfo::token_limit, {1, 100000}, "T")
          .integer("width", &TextEncoderInfo::width, {1, 100000}, "D")
          .integer("pooled_width", &TextEncoderInfo::pooled_width, {0, 100000}, "P, 0 without pooled text")
          .integer("layers", &TextEncoderInfo::layers, {1, 1000}, "layers");
  return table;
}

const OptionTable<UNetInfo>& unet_table() {
  static const OptionTable<UNetInfo> table =
      OptionTable<UNetInfo>()
          .integer("in_channels", &UNetInfo::in_channels, {1, 100000}, "channels that it takes")
          .integer("out_channels", &UNetInfo::out_channels, {1, 100000}, "channels that it gives")
          .integer("native_latent_size", &UNetInfo::native_latent_size, {1, 100000}, "side that it was trained at")
          .integer("context_width", &UNetInfo::context_width, {1, 100000}, "D of the tokens that it attends to");
  return table;
}

const OptionTable<VaeInfo>& vae_table() {
  static const OptionTable<VaeInfo> table =
      OptionTable<VaeInfo>()
          .integer("latent_channels", &VaeInfo::latent_channels, {1, 100000}, "channels of its latents")
          .integer("reduction", &VaeInfo::reduction, {1, 1000}, "pixels a latent, each way");
  return table;
}

UNetInfo read_unet(Json object, const std::string& place, Faults& faults) {
  Json further = Json::object();
  if (object.is_object() && object.contains(kFurther)) {
    further = object.at(kFurther);
    object.erase(kFurther);
  }
  UNetInfo info = unet_table().read(object, UnknownKeys::fault, json_places(place), faults);
  if (!further.is_object()) faults.add(place + "/" + kFurther, "must be an object of widths by name");
  for (const auto& one : further.items()) {
    if (one.value().is_number_integer() && one.value().get<int64_t>() > 0)
      info.further_conditioning[one.key()] = one.value();
    else
      faults.add(place + "/" + kFurther + "/" + one.key(), "must be a width, an integer above 0");
  }
  return info;
}

/// {"text_encoder": {"token_limit", "width", ...}, "unet": {"context_width", ...}, "vae": {...}}
PartInfos read_infos(const Json& object, const std::string& place) {
  PartInfos infos;
  Faults faults;
  for (const auto& one : object.items()) {
    const std::string here = place + "/" + one.key();
    if (one.key() == UNet::kKind)
      infos.unet = read_unet(one.value(), here, faults);
    else if (one.key() == Vae::kKind)
      infos.vae = vae_table().read(one.value(), UnknownKeys::fault, json_places(here), faults);
    else
      infos.text_encoders[one.key()] =
          text_table().read(one.value(), UnknownKeys::fault, json_places(here), faults);
  }
  for (const auto& [role, info] : infos.text_encoders)
    if (info.token_limit == 0 || info.width == 0)
      faults.add(place + "/" + role, "must be {\"token_limit\": T, \"width\": D, ...} of a text encoder");
  for (const char* role : {UNet::kKind, Vae::kKind})
    if (!object.contains(role)) faults.add(place, std::string("says nothing of '") + role + "'; {} has the usual");
  if (infos.text_encoders.empty()) faults.add(place, "says nothing of a text encoder");
  faults.throw_if_any(ErrorCode::bad_config);
  return infos;
}

ModelFiles headers(const std::string& place, const Json& config) {
  ModelFiles files;
  files.place = place;
  files.config = config;
  files.weights = std::make_shared<MemoryTensors>(std::map<std::string, Tensor>{});
  return files;
}

ModelContents folder_of(const std::string& place, const Json& index, const Json& configs) {
  ModelContents model;
  model.place = place;
  model.is_folder = true;
  model.index = index;
  model.pipeline_class = index.value("_class_name", "");
  for (const auto& entry : index.items())
    if (entry.value().is_array() && entry.value().size() == 2 && entry.value()[1].is_string())
      model.classes[entry.key()] = entry.value()[1];
  for (const auto& part : configs.items()) model.parts[part.key()] = headers(place + "/" + part.key(), part.value());
  return model;
}

ModelContents single_file(const std::string& place, std::map<std::string, Tensor> tensors, const Json& settings) {
  ModelContents model;
  model.place = place;
  model.index = settings;
  model.whole = std::make_shared<MemoryTensors>(std::move(tensors));
  for (const char* role : kRoles) {
    ModelFiles& part = model.parts[role] = headers(place, settings.value(role, Json()));
    part.weights = model.whole;
  }
  return model;
}

std::vector<FamilySample> known_samples() {
  std::vector<FamilySample> samples;
  for (const Json& one : parse_json(kKnownFamiliesText, "known_families.json")) {
    const std::string name = one.at("name");
    const Json shapes = one.value("tensors", Json::object());
    std::map<std::string, Tensor> tensors;
    for (const auto& tensor : shapes.items())
      tensors[tensor.key()] = at::ones(tensor.value().get<std::vector<int64_t>>());
    samples.push_back({name,
                       one.contains("tensors") ? single_file(name, std::move(tensors), Json::object())
                                               : folder_of(name, one.at("index"), one.at("configs")),
                       read_infos(one.at("parts"), "known_families.json: " + name)});
  }
  return samples;
}

/// The folder's own file of tensors.
fs::path tensor_file_in(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& [name, file] : files_in(folder))
    if (!without_tensor_ending(name).empty()) found.push_back(file);
  if (found.size() == 1) return found.front();
  throw Error(ErrorCode::not_found, folder.string(),
              "must hold a " + std::string(kIndex) + " or one file of tensors beside its " + kParts + "; it has " +
                  std::to_string(found.size()));
}

FamilySample sample_in(const fs::path& folder) {
  const fs::path parts = folder / kParts;
  return {folder.string(), open_model(is_there(folder / kIndex) ? folder : tensor_file_in(folder)),
          read_infos(read_json_object(parts), parts.string())};
}

std::vector<FamilySample> samples_in(const fs::path& folder) {
  if (is_there(folder / kParts)) return {sample_in(folder)};
  std::vector<fs::path> inside;
  if (is_folder(folder))
    for (const auto& entry : fs::directory_iterator(folder))
      if (is_there(entry.path() / kParts)) inside.push_back(entry.path());
  if (inside.empty())
    throw Error(ErrorCode::not_found, folder.string(),
                std::string("has no ") + kParts + ", which says what the parts of a model say of themselves, nor has a "
                "folder in it: docs/plugins/tutorial-family.md shows one");
  std::sort(inside.begin(), inside.end());
  std::vector<FamilySample> samples;
  for (const fs::path& one : inside) samples.push_back(sample_in(one));
  return samples;
}

}  // namespace

std::vector<FamilySample> family_samples(const FamilyFactory& factory, const Case& it) {
  std::vector<FamilySample> samples;
  for (FamilySample& sample : it.given.config_folder.empty() ? known_samples() : samples_in(it.given.config_folder)) {
    show_headers_only(sample.model);
    if (factory.recognise(sample.model, false)) samples.push_back(std::move(sample));
  }
  if (!samples.empty()) return samples;
  fail(it.given.config_folder.empty()
           ? "recognise() takes none of the models that the checker knows for its own, so nothing was tried: give the "
             "folder of a small one with --config FOLDER"
           : "recognise() takes nothing in " + it.given.config_folder + " for its own");
}

ModelContents file_of(const std::vector<std::string>& names, const Json& settings) {
  std::map<std::string, Tensor> tensors;
  for (const std::string& name : names) tensors[name] = at::ones({1});
  ModelContents model = single_file("memory", std::move(tensors), settings);
  show_headers_only(model);
  return model;
}

Told told_of(const FamilySample& sample, uint64_t seed) {
  Told told;
  uint64_t place = seed;
  for (const auto& [role, info] : sample.infos.text_encoders) {
    TextEncoding& text = told.texts[role];
    text.tokens = rows_of({info.token_limit, info.width}, {++place});
    if (info.pooled_width > 0) text.pooled = rows_of({info.pooled_width}, {++place});
  }
  told.width = told.original_width = told.target_width = 384;
  told.height = told.original_height = told.target_height = 256;
  return told;
}

}  // namespace alice::check
