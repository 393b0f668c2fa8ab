// Model parts with one wrong setting or one wrong tensor: the plugins refuse them, or load them, and never end.

#include "core/api/backend.h"
#include "core/api/text_encoder.h"
#include "core/api/unet.h"
#include "core/api/vae.h"
#include "core/io/model_files.h"
#include "tests/fuzz/mutants.h"
#include "tests/support/plugin.h"

using namespace alice;
using namespace alice::test;

namespace {

const std::string kModels = ALICE_TEST_DATA "/goldens/models/";

/// A file's index, changed, with no data behind it.
class IndexOnly final : public WeightSource {
 public:
  explicit IndexOnly(TensorIndex index) : index_(std::move(index)) {}
  const TensorIndex& index() const override { return index_; }
  Tensor tensor(const std::string& name) const override {
    throw Error(ErrorCode::bad_weights, index_.place, "tensor '" + name + "' was read while only the index may be");
  }

 private:
  TensorIndex index_;
};

/// Every value that a setting may wrongly have.
const std::vector<Json>& wrong_values() {
  static const std::vector<Json> values = {nullptr,
                                           true,
                                           0,
                                           -1,
                                           1,
                                           3,
                                           1.5,
                                           1e300,
                                           "NaN",
                                           "",
                                           "x",
                                           UINT64_MAX,
                                           INT64_MAX,
                                           Json::array(),
                                           Json::object(),
                                           {1, -1},
                                           {"x"},
                                           Json::array({Json::array({0})})};
  return values;
}

/// Is it refused (an Error, or a fault, or nobody's), and if not, can it be loaded?
template <class Part>
void check_part(const ModelFactory<Part>& factory, const ModelFiles& files,
                const std::shared_ptr<const Backend>& backend) {
  reads_or_tells([&] {
    const std::optional<Recognition> recognition = factory.recognise(files);
    if (!recognition) return;
    for (const Fault& fault : recognition->faults)
      if (fault.sentence.empty()) FAIL("a fault without a sentence");
    if (recognition->faults.empty() && backend != nullptr) factory.create(files, *recognition, backend, {});
  });
}

template <class Part>
void check_wrong_settings(const ModelFactory<Part>& factory, const ModelFiles& files,
                          const std::shared_ptr<const Backend>& backend) {
  REQUIRE(factory.recognise(files).has_value());
  REQUIRE(factory.recognise(files)->faults.empty());
  for (const auto& setting : files.config.items()) {
    for (const Json& value : wrong_values()) {
      ModelFiles changed = files;
      changed.config[setting.key()] = value;
      INFO(setting.key() << ": " << value.dump());
      check_part(factory, changed, backend);
    }
    ModelFiles without = files;
    without.config.erase(setting.key());
    INFO(setting.key() << " left out");
    check_part(factory, without, backend);
  }
}

/// A tensor that is missing, or of another shape, must never pass.
template <class Part>
void check_wrong_tensors(const ModelFactory<Part>& factory, const ModelFiles& files) {
  const TensorIndex& index = files.weights->index();
  size_t turn = 0;
  for (const auto& [name, info] : index.tensors) {
    if (turn++ % 5 != 0) continue;
    for (int change = 0; change < 5; ++change) {
      TensorIndex changed = index;
      std::vector<int64_t>& shape = changed.tensors[name].shape;
      if (change == 0) changed.tensors.erase(name);
      if (change == 1) shape.push_back(1);
      if (change == 2) shape.assign(1, int64_t{1} << 62);
      if (change == 3) shape.clear();
      if (change == 4) shape.assign(shape.size(), 0);
      ModelFiles mutant = files;
      mutant.weights = std::make_shared<IndexOnly>(std::move(changed));
      INFO(name << ", change " << change);
      const bool passed = reads_or_tells([&] {
        const std::optional<Recognition> recognition = factory.recognise(mutant);
        if (!recognition || !recognition->faults.empty()) throw Error(ErrorCode::bad_weights, "", "refused");
      });
      CHECK_FALSE(passed);
    }
  }
}

std::shared_ptr<const Backend> cpu() {
  static const Plugin plugin = load_plugin("alice-backend-cpu");
  return plugin.all<BackendFactory>().at(0)->create({});
}

}  // namespace

TEST_CASE("a UNet with a wrong setting or tensor is refused, or loads") {
  const Plugin plugin = load_plugin("alice-model-unet2d");
  for (const char* model : {"tiny_sd15", "tiny_sdxl"}) {
    const ModelFiles files = open_part(kModels + model, "unet");
    check_wrong_settings(*plugin.all<UNetFactory>().at(0), files, nullptr);
    check_wrong_tensors(*plugin.all<UNetFactory>().at(0), files);
  }
}

TEST_CASE("a VAE with a wrong setting or tensor is refused, or loads") {
  const Plugin plugin = load_plugin("alice-model-autoencoder-kl");
  const ModelFiles files = open_part(kModels + "tiny_sd15", "vae");
  check_wrong_settings(*plugin.all<VaeFactory>().at(0), files, cpu());
  check_wrong_tensors(*plugin.all<VaeFactory>().at(0), files);
}

TEST_CASE("a text encoder with a wrong setting or tensor is refused, or loads") {
  const Plugin plugin = load_plugin("alice-model-clip");
  for (const char* part : {"text_encoder", "text_encoder_2"}) {
    const ModelFiles files = open_part(kModels + "tiny_sdxl", part);
    check_wrong_settings(*plugin.all<TextEncoderFactory>().at(0), files, nullptr);
    check_wrong_tensors(*plugin.all<TextEncoderFactory>().at(0), files);
  }
}
