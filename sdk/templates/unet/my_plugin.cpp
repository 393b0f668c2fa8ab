// my_plugin: the smallest network that has what a UNet needs: convolutions, the time, and attention to the prompt
// (Rombach et al. 2022, section 3.3), without its levels. It learns what is to be added to its input: at the noise
// where a picture begins, the noise is the input.

#include <cmath>

#include "core/api/plugin.h"
#include "core/api/unet.h"

namespace {

using namespace alice;

constexpr double kLongestPeriod = 10000, kEpsilon = 1e-5;

struct Config {
  int64_t in_channels = 4;
  int64_t width = 32;
  int64_t groups = 8;
  int64_t context_width = 768;
};

Config read_config(const ModelFiles& files) {
  static const auto table =
      OptionTable<Config>()
          .integer("in_channels", &Config::in_channels, {1, 256}, "channels of the latents")
          .integer("width", &Config::width, {2, 1 << 12}, "channels of the network")
          .integer("groups", &Config::groups, {1, 1 << 12}, "groups of its norm")
          .integer("context_width", &Config::context_width, {1, 1 << 14}, "numbers of a token of the prompt");
  Faults faults;
  const PlaceOf place = config_places(files);
  const Config config = table.read(files.config, UnknownKeys::pass_over, place, faults);
  if (config.width % 2 != 0) faults.add(place("width"), "must be even, for sines and cosines of the time");
  if (config.width % config.groups != 0) faults.add(place("groups"), "must divide width");
  faults.throw_if_any(ErrorCode::bad_weights);
  return config;
}

class Network final : public UNet {
 public:
  Network(const Config& config, ModelWeights weights) : config_(config), weights_(std::move(weights)) {
    info_.in_channels = info_.out_channels = config.in_channels;
    info_.context_width = config.context_width;
  }

  const UNetInfo& info() const override { return info_; }
  const ModelWeights& weights() const override { return weights_; }
  std::unique_ptr<UNetRun> prepare(const Conditioning& conditioning) const override;
  std::shared_ptr<const UNet> patched(const Deltas& deltas) const override {
    return std::make_shared<Network>(config_, weights_.patched(deltas));
  }

  Tensor linear(const Tensor& x, const char* module, const Epilogue& epilogue = {}) const {
    return weights_.backend().linear(x, *weights_.linear(module), epilogue);
  }
  /// 3x3, of the same size in and out.
  Tensor conv2d(const Tensor& x, const char* module, const Epilogue& epilogue = {}) const {
    const Conv2dShape shape = {/*stride=*/1, /*padding=*/1};
    return weights_.backend().conv2d(x, *weights_.conv2d(module, shape), shape, epilogue);
  }
  Tensor norm(const Tensor& x) const {
    return weights_.backend().group_norm(x, config_.groups, weights_.tensor("norm.weight"),
                                         weights_.tensor("norm.bias"), kEpsilon, Activation::silu);
  }
  /// t [B] -> [B, width]: sines and cosines (Vaswani et al. 2017, section 3.5).
  Tensor time(const Tensor& t) const {
    const int64_t half = config_.width / 2;
    const Tensor frequencies = at::exp(at::arange(half, at::kFloat) * (-std::log(kLongestPeriod) / half));
    return weights_.backend().to_device(each_row(t.view({-1, 1}), [&](const Tensor& row) {
      const Tensor angles = row * frequencies;
      return at::cat({at::cos(angles), at::sin(angles)}, 1);
    }));
  }

 private:
  Config config_;
  UNetInfo info_;
  ModelWeights weights_;
};

/// Keys and values of the prompt are computed once for all steps.
class NetworkRun final : public UNetRun {
 public:
  NetworkRun(std::shared_ptr<const Network> network, const Tensor& tokens)
      : network_(std::move(network)),
        keys_(network_->linear(tokens, "to_k")),
        values_(network_->linear(tokens, "to_v")) {}

  Tensor predict(const Tensor& x, const Tensor& t) override {
    if (x.dim() != 4 || x.size(0) != keys_.size(0) || x.size(1) != network_->info().in_channels || x.numel() == 0)
      throw Error(ErrorCode::bad_request, "latents",
                  "have shape " + shape_text(x.sizes().vec()) + ", [" + std::to_string(keys_.size(0)) + ", " +
                      std::to_string(network_->info().in_channels) + ", h, w] is needed");
    if (t.dim() != 1 || t.size(0) != x.size(0))
      throw Error(ErrorCode::bad_request, "timesteps",
                  "have shape " + shape_text(t.sizes().vec()) + ", one a row is needed");
    const at::NoGradGuard no_grad;
    const Tensor time = network_->linear(network_->time(t), "time", {Activation::silu, {}}).unsqueeze(2).unsqueeze(3);
    Tensor h = network_->conv2d(network_->weights().backend().to_device(x), "conv_in") + time;
    h = h + attend(network_->norm(h));
    return x + to_host(network_->conv2d(activate(h, Activation::silu), "conv_out"));
  }

 private:
  /// Each pixel looks at the prompt. [B, width, h, w] -> the same.
  Tensor attend(const Tensor& h) const {
    const Tensor queries = network_->linear(h.flatten(2).transpose(1, 2).contiguous(), "to_q");  // [B, h w, width]
    const double scale = 1 / std::sqrt(static_cast<double>(queries.size(2)));
    const Tensor seen = network_->weights().backend().attention(queries, keys_, values_, /*heads=*/1, scale);
    return network_->linear(seen, "to_out").transpose(1, 2).contiguous().view(h.sizes());
  }

  std::shared_ptr<const Network> network_;
  Tensor keys_, values_;  // [B, T, width]
};

std::unique_ptr<UNetRun> Network::prepare(const Conditioning& conditioning) const {
  const auto tokens = conditioning.find("tokens");
  if (tokens == conditioning.end())
    throw Error(ErrorCode::bad_request, "conditioning", "'tokens' is missing, which this UNet needs");
  if (tokens->second.dim() != 3 || tokens->second.size(2) != config_.context_width || tokens->second.numel() == 0)
    throw Error(ErrorCode::bad_request, "conditioning",
                "'tokens' has shape " + shape_text(tokens->second.sizes().vec()) + "; [B, T, " +
                    std::to_string(config_.context_width) + "] is needed");
  const at::NoGradGuard no_grad;
  return std::make_unique<NetworkRun>(std::static_pointer_cast<const Network>(shared_from_this()),
                                      weights_.backend().to_device(tokens->second));
}

std::vector<WantedParameter> parameters(const Config& config) {
  const auto wanted = [](const std::string& name, std::vector<int64_t> shape) {
    return WantedParameter{name, std::move(shape), {{"my_plugin", name}}};
  };
  const int64_t width = config.width, channels = config.in_channels, context = config.context_width;
  return {wanted("conv_in.weight", {width, channels, 3, 3}),
          wanted("conv_in.bias", {width}),
          wanted("time.weight", {width, width}),
          wanted("time.bias", {width}),
          wanted("norm.weight", {width}),
          wanted("norm.bias", {width}),
          wanted("to_q.weight", {width, width}),
          wanted("to_k.weight", {width, context}),
          wanted("to_v.weight", {width, context}),
          wanted("to_out.weight", {width, width}),
          wanted("to_out.bias", {width}),
          wanted("conv_out.weight", {channels, width, 3, 3}),
          wanted("conv_out.bias", {channels})};
}

class NetworkFactory final : public UNetFactory {
 public:
  const FactoryInfo& info() const override {
    static const FactoryInfo info = [] {
      FactoryInfo i;
      i.id = "my_plugin";
      i.help = "Two convolutions, the time and attention to the prompt: the smallest UNet.";
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
    Recognition recognition;
    recognition.description = "the smallest UNet, " + std::to_string(config.width) + " channels";
    recognition.config = given;
    match_parameters(
        files, parameters(config), [](const std::string&) { return false; }, recognition);
    recognition.facts["in_channels"] = config.in_channels;
    recognition.facts["context_width"] = config.context_width;
    recognition.facts["native_latent_size"] = UNetInfo().native_latent_size;
    return recognition;
  }

  std::shared_ptr<const UNet> create(const ModelFiles& files, const Recognition& recognition,
                                     std::shared_ptr<const Backend> backend,
                                     const OptionLayers& options) const override {
    refuse_options(options, ErrorCode::bad_config);
    return std::make_shared<Network>(
        read_config(files), ModelWeights(files.place, files.weights, recognition.parameters, std::move(backend)));
  }
};

}  // namespace

ALICE_PLUGIN("my_plugin", "0.1.0", [](alice::Enrolment& enrol) { enrol.add(std::make_unique<NetworkFactory>()); })
