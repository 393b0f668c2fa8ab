// The plugin: the VAE of latent diffusion (Rombach et al. 2022), as SD 1.x, 2.x, SDXL, SD3 and FLUX use it.

#include <mutex>

#include "core/api/plugin.h"
#include "core/api/vae.h"
#include "plugins/models/autoencoder_kl/kl_decoder.h"
#include "plugins/models/autoencoder_kl/kl_encoder.h"
#include "plugins/models/autoencoder_kl/kl_weights.h"

namespace alice::kl {
namespace {

// Where the reference holds the logarithm of the variance.
constexpr double kLowestLogVariance = -30, kHighestLogVariance = 20;

constexpr int64_t kColours = 3;

/// The decoder is prepared with the object, the encoder at the first encode(): text to image never needs its third of
/// the weights. So a number that is not finite in an encoder's weight is found at encode(), each of which then throws
/// Error(bad_weights), while decode() works; weights that are missing or left over are found by recognise() in either
/// half.
class AutoencoderKl final : public Vae {
 public:
  AutoencoderKl(const KlConfig& config, ModelWeights weights)
      : config_(config), weights_(std::move(weights)), decoder_(config, weights_) {
    info_.latent_channels = config.latent_channels;
    info_.reduction = config.reduction();
    info_.scaling_factor = config.scaling_factor;
    info_.shift_factor = config.shift_factor.value_or(0);
    info_.can_encode = weights_.contains("encoder.conv_in.weight");
    if (config.latents_mean.empty()) return;
    shift_ = of_channels(config.latents_mean);
    factor_ = info_.scaling_factor / of_channels(config.latents_std);
  }

  const VaeInfo& info() const override { return info_; }
  const ModelWeights& weights() const override { return weights_; }

  // Both ways one picture at a time: its maps are what fills the memory, and none of its numbers depend on the others.
  Tensor decode(const Tensor& latents) const override {
    check_map(latents, "latents", info_.latent_channels, 1);
    const at::NoGradGuard no_grad;
    return each_row(latents, [&](const Tensor& sampled) {
      const Tensor raw = shift_.defined() ? sampled / factor_ + shift_
                                          : sampled / info_.scaling_factor + info_.shift_factor;
      return to_host(decoder_(weights_.backend(), weights_.backend().to_device(raw)));
    });
  }

  LatentDistribution encode(const Tensor& pixels) const override {
    if (!info_.can_encode)
      throw Error(ErrorCode::unsupported, "VAE",
                  "these files hold the decoder alone, which makes no latents of a picture");
    check_map(pixels, "pixels", kColours, info_.reduction);
    const at::NoGradGuard no_grad;
    const Encoder& encoder = prepared_encoder();
    const Tensor moments = each_row(pixels, [&](const Tensor& picture) {
      const auto halves = to_host(encoder(weights_.backend(), weights_.backend().to_device(picture))).chunk(2, 1);
      const Tensor deviation = (halves[1].clamp(kLowestLogVariance, kHighestLogVariance) * 0.5).exp();
      if (shift_.defined()) return at::cat({(halves[0] - shift_) * factor_, deviation * factor_}, 1);
      return at::cat({(halves[0] - info_.shift_factor) * info_.scaling_factor, deviation * info_.scaling_factor}, 1);
    });
    const auto halves = moments.chunk(2, 1);
    return {halves[0].contiguous(), halves[1].contiguous()};
  }

 private:
  /// Whoever comes while it is prepared waits. Prepared once, or tried again at the next call when that threw.
  const Encoder& prepared_encoder() const {
    const std::lock_guard<std::mutex> lock(encoder_mutex_);
    if (!encoder_) encoder_.emplace(config_, weights_);
    return *encoder_;
  }

  static Tensor of_channels(const std::vector<double>& values) {
    return at::tensor(values, at::kDouble).to(at::kFloat).view({1, -1, 1, 1});
  }

  const KlConfig config_;
  const ModelWeights weights_;
  VaeInfo info_;
  Tensor shift_, factor_;  // [1, C, 1, 1]; undefined where one number does for all channels
  const Decoder decoder_;
  mutable std::mutex encoder_mutex_;
  mutable std::optional<Encoder> encoder_;  // guarded by encoder_mutex_ until it is there; never changed after
};

std::string describe(const KlConfig& config, bool has_encoder) {
  return "AutoencoderKL, " + std::to_string(config.levels()) + " levels of " +
         std::to_string(config.block_out_channels.front()) + " to " + std::to_string(config.block_out_channels.back()) +
         ", " + std::to_string(config.latent_channels) + " latent channels" + (has_encoder ? "" : ", decoder alone");
}

/// The config that the tensors tell, checked like one that is given.
KlConfig derived(const ModelFiles& files, const KlNames& names, Recognition& recognition) {
  ModelFiles complete = files;
  complete.config = write_kl_config(derive_kl_config(files, names, recognition.faults));
  return read_kl_config(complete);
}

class KlFactory final : public VaeFactory {
 public:
  const FactoryInfo& info() const override {
    static const FactoryInfo info = {
        "autoencoder_kl", "The VAE of latent diffusion: SD 1.x, 2.x, SDXL.", {}, {"AutoencoderKL"}, {}};
    return info;
  }

  std::optional<Recognition> recognise(const ModelFiles& files) const override {
    const std::optional<bool> says_so = is_autoencoder_kl(files.config);
    const std::optional<KlNames> found = find_kl(files);
    if (!says_so.value_or(found.has_value())) return std::nullopt;
    const KlNames names = found.value_or(KlNames());

    Recognition recognition;
    const KlConfig config = files.config.is_object() ? read_kl_config(files) : derived(files, names, recognition);
    recognition.description = describe(config, names.has_encoder);
    recognition.config = write_kl_config(config);
    match_parameters(
        files, kl_parameters(config, names.has_encoder),
        [&](const std::string& name) { return passes_over(name, names); }, recognition);
    recognition.facts["scaling_factor"] = config.scaling_factor;
    recognition.facts["shift_factor"] = config.shift_factor.value_or(0);
    recognition.facts["latent_channels"] = config.latent_channels;
    recognition.facts["reduction"] = config.reduction();
    recognition.facts["can_encode"] = names.has_encoder;
    if (config.sample_size) recognition.facts["native_size"] = *config.sample_size;
    return recognition;
  }

  std::shared_ptr<const Vae> create(const ModelFiles& files, const Recognition& recognition,
                                    std::shared_ptr<const Backend> backend,
                                    const OptionLayers& options) const override {
    refuse_options(options, ErrorCode::bad_config);
    ModelFiles complete = files;
    complete.config = recognition.config;
    return std::make_shared<AutoencoderKl>(
        read_kl_config(complete), ModelWeights(files.place, files.weights, recognition.parameters, std::move(backend)));
  }
};

}  // namespace
}  // namespace alice::kl

ALICE_PLUGIN("alice-model-autoencoder-kl", "0.1.0",
             [](alice::Enrolment& enrol) { enrol.add(std::make_unique<alice::kl::KlFactory>()); })
