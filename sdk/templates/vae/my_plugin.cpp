// my_plugin: a VAE that decodes by one linear map from a latent's channels to red, green and blue, and enlarges the
// result. What latents of Stable Diffusion 1 mean is almost linear, so this is a picture, small and blurred, at no
// cost.

#include "core/api/plugin.h"
#include "core/api/vae.h"

namespace {

using namespace alice;

constexpr int64_t kColours = 3;
constexpr const char* kMap = "latent_to_rgb";

struct Config {
  int64_t latent_channels = 4;
  int64_t reduction = 8;
};

Config read_config(const ModelFiles& files) {
  static const auto table =
      OptionTable<Config>()
          .integer("latent_channels", &Config::latent_channels, {1, 256}, "channels of the latents")
          .integer("reduction", &Config::reduction, {1, 64}, "pixels a latent, each way");
  Faults faults;
  const Config config = table.read(files.config, UnknownKeys::pass_over, config_places(files), faults);
  faults.throw_if_any(ErrorCode::bad_weights);
  return config;
}

class LinearVae final : public Vae {
 public:
  LinearVae(const Config& config, ModelWeights weights)
      : weights_(std::move(weights)), latent_to_rgb_(weights_.conv2d(kMap, {})) {
    info_.latent_channels = config.latent_channels;
    info_.reduction = config.reduction;
    info_.can_encode = false;
  }

  const VaeInfo& info() const override { return info_; }
  const ModelWeights& weights() const override { return weights_; }

  Tensor decode(const Tensor& latents) const override {
    check_map(latents, "latents", info_.latent_channels, 1);
    const at::NoGradGuard no_grad;
    const Backend& backend = weights_.backend();
    // A row alone, so that the others of its batch cannot change a bit of it.
    return each_row(latents, [&](const Tensor& row) {
      const Tensor small = to_host(backend.conv2d(backend.to_device(row), *latent_to_rgb_, {}));
      const std::vector<int64_t> size = {row.size(2) * info_.reduction, row.size(3) * info_.reduction};
      return at::upsample_bilinear2d(small, size, /*align_corners=*/false);
    });
  }

  LatentDistribution encode(const Tensor&) const override {
    throw Error(ErrorCode::unsupported, "VAE", "three colours do not tell what a latent's channels were");
  }

 private:
  VaeInfo info_;
  ModelWeights weights_;
  PreparedWeightPtr latent_to_rgb_;  // [3, latent_channels, 1, 1] and a bias
};

class LinearVaeFactory final : public VaeFactory {
 public:
  const FactoryInfo& info() const override {
    static const FactoryInfo info = [] {
      FactoryInfo i;
      i.id = "my_plugin";
      i.help = "One linear map from latents to colours: a quick, blurred look.";
      i.classes = {"my_plugin"};
      return i;
    }();
    return info;
  }

  std::optional<Recognition> recognise(const ModelFiles& files) const override {
    const Json& given = files.config;
    if (!given.is_object() || !given.contains("_class_name") || given["_class_name"] != "my_plugin")
      return std::nullopt;
    const Config config = read_config(files);
    const auto wanted = [](const std::string& name, std::vector<int64_t> shape) {
      return WantedParameter{name, std::move(shape), {{"my_plugin", name}}};
    };
    Recognition recognition;
    recognition.description = "linear map of " + std::to_string(config.latent_channels) + " latent channels to colours";
    recognition.config = given;
    match_parameters(
        files,
        {wanted(std::string(kMap) + ".weight", {kColours, config.latent_channels, 1, 1}),
         wanted(std::string(kMap) + ".bias", {kColours})},
        [](const std::string&) { return false; }, recognition);
    recognition.facts["latent_channels"] = config.latent_channels;
    recognition.facts["reduction"] = config.reduction;
    return recognition;
  }

  std::shared_ptr<const Vae> create(const ModelFiles& files, const Recognition& recognition,
                                    std::shared_ptr<const Backend> backend,
                                    const OptionLayers& options) const override {
    refuse_options(options, ErrorCode::bad_config);
    return std::make_shared<LinearVae>(
        read_config(files), ModelWeights(files.place, files.weights, recognition.parameters, std::move(backend)));
  }
};

}  // namespace

ALICE_PLUGIN("my_plugin", "0.1.0", [](alice::Enrolment& enrol) { enrol.add(std::make_unique<LinearVaeFactory>()); })
