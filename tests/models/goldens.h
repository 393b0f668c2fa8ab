#pragma once
// What the tests of models share: the small models and reference outputs of tests/data/goldens, and plugins to load
// them with.

#include "core/api/backend.h"
#include "core/api/family.h"
#include "core/io/model_files.h"
#include "core/io/safetensors_file.h"
#include "tests/support/catch.h"
#include "tests/support/memory_weights.h"
#include "tests/support/plugin.h"

namespace alice::test {

inline const std::string kGoldens = ALICE_TEST_DATA "/goldens/";
inline const std::string kModels = kGoldens + "models/";

inline Json golden_json(const std::string& name) { return read_json_file(kGoldens + name); }

/// The tensors of a golden file.
class Golden {
 public:
  explicit Golden(const std::string& name) : file_(SafetensorsFile::open(kGoldens + name)) {}
  Tensor operator[](const std::string& name) const { return file_->tensor(name); }

 private:
  std::shared_ptr<const SafetensorsFile> file_;
};

/// How far components may be from the reference (goldens/README.md, "How exact to be").
inline constexpr double kComponentTolerance = 1e-4;

inline double largest_difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.sizes() == b.sizes());
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

inline std::shared_ptr<const Backend> cpu_backend(const char* dtype = "float32") {
  static const Plugin plugin = load_plugin("alice-backend-cpu");
  return plugin.factory<BackendFactory>("cpu").create({{Json{{"dtype", dtype}}, UnknownKeys::fault, json_places("")}});
}

inline const TextEncoderFactory& clip_factory() {
  static const Plugin plugin = load_plugin("alice-model-clip");
  return plugin.factory<TextEncoderFactory>("clip");
}
inline const UNetFactory& unet_factory() {
  static const Plugin plugin = load_plugin("alice-model-unet2d");
  return plugin.factory<UNetFactory>("unet2d");
}
inline const VaeFactory& vae_factory() {
  static const Plugin plugin = load_plugin("alice-model-autoencoder-kl");
  return plugin.factory<VaeFactory>("autoencoder_kl");
}
inline const VaeFactory& tiny_vae_factory() {
  static const Plugin plugin = load_plugin("alice-model-tiny-autoencoder");
  return plugin.factory<VaeFactory>("tiny_autoencoder");
}

/// What our families say of a model; the test fails when none knows it.
inline FamilyRecognition family_of(const ModelContents& model) {
  static const Plugin plugin = load_plugin("alice-family-stable-diffusion");
  for (const char* id : {"one_encoder", "two_encoders", "xl_refiner"})
    if (auto recognition = plugin.factory<FamilyFactory>(id).recognise(model, false)) return *recognition;
  FAIL("no family knows " << model.place);
  return {};
}

/// A part as the model's family reads it.
inline ModelFiles part_in(const ModelContents& model, const std::string& role) {
  ModelFiles files = model.parts.at(role);
  for (const PartUse& use : family_of(model).parts)
    if (use.role == role) files.root = use.root, files.told = use.told;
  return files;
}

/// A part of one of the small models: "tiny_sd15" (a folder), "tiny_sd15.safetensors" (one file), "tiny_sdxl".
inline ModelFiles part_of(const std::string& model, const std::string& part) {
  return part_in(open_model(kModels + model), part);
}

/// Recognises and loads; a fault fails the test.
template <class Part>
std::shared_ptr<const Part> load(const ModelFactory<Part>& factory, const ModelFiles& files,
                                 std::shared_ptr<const Backend> backend = cpu_backend()) {
  const auto recognition = factory.recognise(files);
  REQUIRE(recognition);
  for (const Fault& fault : recognition->faults) FAIL_CHECK(fault.place << ": " << fault.sentence);
  return factory.create(files, *recognition, std::move(backend), {});
}

/// Names and shapes without numbers: for recognition of models that are too large to make.
class IndexOnly : public WeightSource {
 public:
  explicit IndexOnly(std::map<std::string, std::vector<int64_t>> shapes) {
    index_.place = "index";
    index_.files = {"index"};
    for (auto& [name, shape] : shapes) index_.tensors[name] = {name, DType::f16, std::move(shape), 0, 0, 0};
  }
  const TensorIndex& index() const override { return index_; }
  Tensor tensor(const std::string& name) const override {
    throw Error(ErrorCode::bad_weights, "index", "holds no numbers: " + name);
  }

 private:
  TensorIndex index_;
};

/// The tensors of `files`, each a copy that may be changed.
inline std::map<std::string, Tensor> copies_of(const ModelFiles& files) {
  std::map<std::string, Tensor> copies;
  for (const auto& [name, info] : files.weights->index().tensors)
    copies[name] = files.weights->tensor(name).to(at::kFloat, false, true);
  return copies;
}
inline ModelFiles with_tensors(ModelFiles files, std::map<std::string, Tensor> tensors) {
  files.weights = std::make_shared<MemoryWeights>(std::move(tensors));
  return files;
}

/// All sentences in one string, for looking words up.
inline std::string sentences(const std::vector<Fault>& faults) {
  std::string all;
  for (const Fault& fault : faults) all += fault.place + ": " + fault.sentence + "\n";
  return all;
}

}  // namespace alice::test
