// What plugins of other versions meet: older minors work, everything else is refused (docs/decisions/0015).

#include "core/api/scheduler.h"
#include "core/api/vae.h"
#include "core/host/plugin_loader.h"
#include "core/math/noise_model.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/plugin.h"

using namespace alice;
using alice::test::says;

namespace {

const std::filesystem::path kPlugins = std::filesystem::path(ALICE_BUILD_DIR) / "tests/sdk";

std::string refusal(const std::string& name) {
  try {
    load_plugin(kPlugins / (name + ".so"));
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::unsupported);
    return e.what();
  }
  FAIL(name << " was loaded");
  return "";
}

struct NoNoise final : NoiseSource {
  Tensor normal_like(const Tensor& like) override { return at::zeros_like(like); }
};

/// The tensors of a linear VAE: each colour is a latent channel.
struct FourNumbers final : WeightSource {
  FourNumbers() {
    contents.place = "memory";
    add("latent_to_rgb.weight", {3, 4, 1, 1});
    add("latent_to_rgb.bias", {3});
  }
  void add(const std::string& name, std::vector<int64_t> shape) {
    contents.tensors[name] = {name, DType::f32, std::move(shape), 0, 0, 0};
  }
  const TensorIndex& index() const override { return contents; }
  Tensor tensor(const std::string& name) const override {
    return name == "latent_to_rgb.bias" ? at::zeros({3}) : at::eye(3, 4).reshape({3, 4, 1, 1});
  }
  TensorIndex contents;
};

struct PlainBackend final : Backend {
  BackendInfo info() const override { return {"plain", 0}; }
  at::Device device() const override { return at::kCPU; }
  at::ScalarType dtype() const override { return at::kFloat; }
};

void check_scheduler(const SchedulerFactory& factory) {
  const auto scheduler = factory.create({{Json({{"spacing", "karras"}}), UnknownKeys::fault, json_places("")}});
  const NoiseModel model{NoiseModelOptions{}};
  const Plan plan = scheduler->plan(4, model);
  REQUIRE(plan.steps() == 4);
  NoNoise noise;
  size_t told = 0;
  // Whatever x is, the picture is flat 0.5: the run must end there.
  const Tensor picture = scheduler->sample([](const Tensor& x, const Level&) { return at::full_like(x, 0.5); },
                                           at::ones({1, 4, 8, 8}) * plan.init_noise_sigma, plan, model, noise,
                                           [&](size_t, size_t, const Tensor&) { ++told; });
  CHECK((picture - 0.5).abs().max().item<double>() < 1e-5);
  CHECK(told == 4);
  CHECK_THROWS_AS(factory.create({{Json({{"spcing", "karras"}}), UnknownKeys::fault, json_places("")}}), Error);
}

void check_vae(const VaeFactory& factory) {
  ModelFiles files;
  files.place = "memory";
  files.weights = std::make_shared<FourNumbers>();
  files.config = {{"_class_name", "my_plugin"}, {"latent_channels", 4}, {"reduction", 2}};
  const auto recognition = factory.recognise(files);
  REQUIRE(recognition.has_value());
  CHECK(recognition->faults.empty());
  const auto vae = factory.create(files, *recognition, std::make_shared<PlainBackend>(), {});
  const Tensor pixels = vae->decode(at::full({2, 4, 3, 5}, 0.25));
  CHECK(pixels.sizes().vec() == std::vector<int64_t>{2, 3, 6, 10});
  CHECK((pixels - 0.25).abs().max().item<double>() < 1e-6);
  CHECK_THROWS_AS(vae->encode(pixels), Error);
}

/// Loads and tries the two plugins that are frozen with the headers of each minor so far.
void check_frozen_plugins() {
  for (const std::string version : {ALICE_FROZEN_VERSIONS}) {
    INFO("built with SDK " << version);
    alice::test::Plugin found;
    for (const char* kind : {"scheduler", "vae"}) {
      const PluginEntry& entry = load_plugin(kPlugins / ("built-with-" + version + "-" + kind + ".so"));
      CHECK(std::to_string(ALICE_SDK_MAJOR) + "." + std::to_string(entry.sdk_minor) == version);
      alice::test::enrol(entry, found);
    }
    REQUIRE(found.factories.size() == 2);
    check_scheduler(*found.all<SchedulerFactory>().at(0));
    check_vae(*found.all<VaeFactory>().at(0));
  }
}

}  // namespace

TEST_CASE("plugins that were built with an SDK of this major and no later minor are loaded, and work") {
  check_frozen_plugins();
}

TEST_CASE("a plugin of another major, libtorch or C++ ABI is refused before it runs, with both sides and the cure") {
  const std::string cure = "cmake --build";
  const std::string host = host_entry_symbol();
  CHECK(host.rfind("alice_plugin_", 0) == 0);
  const std::string other_major = refusal("other-major"), other_torch = refusal("other-torch"),
                    other_abi = refusal("other-cxx-abi");
  CHECK(says(other_major, "was built for SDK 7, libtorch "));
  CHECK(says(other_torch, "libtorch 9.9, C++ ABI cxx11"));
  CHECK(says(other_abi, "C++ ABI cxx99"));
  for (const std::string& sentence : {other_major, other_torch, other_abi}) {
    CHECK(says(sentence, "this ALICE is SDK " + std::to_string(ALICE_SDK_MAJOR) + ", libtorch "));
    CHECK(says(sentence, cure));
  }
}
