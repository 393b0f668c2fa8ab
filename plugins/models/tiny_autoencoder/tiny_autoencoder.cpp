// The plugin: tiny autoencoders (TAESD), which stand in for a large VAE at a hundredth of its work.

#include "core/api/plugin.h"
#include "core/api/vae.h"
#include "plugins/models/tiny_autoencoder/tiny_network.h"
#include "plugins/models/tiny_autoencoder/tiny_weights.h"

namespace alice::tiny {
namespace {

constexpr double kLargestLatent = 3;  // latents are bent to stay below it, as in training

constexpr int64_t kColours = 3;

class TinyAutoencoder final : public Vae {
 public:
  TinyAutoencoder(const TinyConfig& config, ModelWeights weights)
      : weights_(std::move(weights)), decoder_(config, weights_) {
    info_.latent_channels = config.latent_channels;
    info_.reduction = config.reduction();
    info_.scaling_factor = config.scaling_factor;
    info_.shift_factor = config.shift_factor;
    info_.can_encode = weights_.contains("encoder.layers.0.weight");
    if (info_.can_encode) encoder_.emplace(config, weights_);
  }

  const VaeInfo& info() const override { return info_; }
  const ModelWeights& weights() const override { return weights_; }

  // Both ways one picture at a time, which bounds the memory.
  Tensor decode(const Tensor& latents) const override {
    check_map(latents, "latents", info_.latent_channels, 1);
    const at::NoGradGuard no_grad;
    return each_row(latents, [&](const Tensor& sampled) {
      const Tensor raw = sampled / info_.scaling_factor + info_.shift_factor;
      const Tensor bent = at::tanh(raw / kLargestLatent) * kLargestLatent;
      return to_host(decoder_(weights_.backend(), weights_.backend().to_device(bent))) * 2 -
             1;  // the network's white is 1, its black 0
    });
  }

  LatentDistribution encode(const Tensor& pixels) const override {
    if (!encoder_)
      throw Error(ErrorCode::unsupported, "VAE",
                  "these files hold the decoder alone, which makes no latents of a picture");
    check_map(pixels, "pixels", kColours, info_.reduction);
    const at::NoGradGuard no_grad;
    const Tensor mean = each_row(pixels, [&](const Tensor& picture) {
      const Tensor raw = to_host((*encoder_)(weights_.backend(), weights_.backend().to_device((picture + 1) / 2)));
      return (raw - info_.shift_factor) * info_.scaling_factor;
    });
    return {mean, at::zeros_like(mean)};
  }

 private:
  ModelWeights weights_;
  VaeInfo info_;
  TinyDecoder decoder_;
  std::optional<TinyEncoder> encoder_;
};

/// The config that the tensors tell, checked like one that is given.
TinyConfig derived(const ModelFiles& files, const TinyNames& names) {
  ModelFiles complete = files;
  complete.config = write_tiny_config(derive_tiny_config(files.weights->index(), names));
  return read_tiny_config(complete);
}

class TinyFactory final : public VaeFactory {
 public:
  const FactoryInfo& info() const override {
    static const FactoryInfo info = {"tiny_autoencoder",
                                     "TAESD: a small and fast stand-in for a VAE, a little blurred.",
                                     {},
                                     {"AutoencoderTiny"},
                                     {}};
    return info;
  }

  std::optional<Recognition> recognise(const ModelFiles& files) const override {
    const TensorIndex& index = files.weights->index();
    const std::optional<bool> says_so = is_tiny(files.config);
    const std::optional<TinyNames> found = find_tiny(index);
    if (!says_so.value_or(found.has_value())) return std::nullopt;
    const TinyNames names = found.value_or(TinyNames{"diffusers", "encoder.layers.", "decoder.layers.", 0, true, true});

    Recognition recognition;
    if (!names.has_decoder)
      recognition.faults.push_back(
          {files.place, "holds the encoder alone; pictures are made by the decoder: name its file, or one with both"});
    const TinyConfig config = files.config.is_object() ? read_tiny_config(files) : derived(files, names);
    recognition.description = "tiny autoencoder, " + std::to_string(config.latent_channels) + " latent channels" +
                              (names.has_encoder ? "" : ", decoder alone");
    recognition.config = write_tiny_config(config);
    if (names.has_decoder)
      match_parameters(
          files, tiny_parameters(config, names), [](const std::string&) { return false; }, recognition);
    recognition.facts["scaling_factor"] = config.scaling_factor;
    recognition.facts["latent_channels"] = config.latent_channels;
    recognition.facts["reduction"] = config.reduction();
    recognition.facts["can_encode"] = names.has_encoder;
    return recognition;
  }

  std::shared_ptr<const Vae> create(const ModelFiles& files, const Recognition& recognition,
                                    std::shared_ptr<const Backend> backend,
                                    const OptionLayers& options) const override {
    refuse_options(options, ErrorCode::bad_config);
    ModelFiles complete = files;
    complete.config = recognition.config;
    return std::make_shared<TinyAutoencoder>(
        read_tiny_config(complete),
        ModelWeights(files.place, files.weights, recognition.parameters, std::move(backend)));
  }
};

}  // namespace
}  // namespace alice::tiny

ALICE_PLUGIN("alice-model-tiny-autoencoder", "0.1.0",
             [](alice::Enrolment& enrol) { enrol.add(std::make_unique<alice::tiny::TinyFactory>()); })
