#include "plugins/models/autoencoder_kl/kl_weights.h"

#include <algorithm>

#include "core/base/text.h"

namespace alice::kl {
namespace {

// The words of ModelFiles::told.
constexpr const char *kScalingFactor = "scaling_factor", *kMean = "latents_mean", *kDeviation = "latents_std";

/// Collects the wanted parameters: `ours` is a module under diffusers, `theirs` under LDM.
class KlList {
 public:
  void add(const std::string& ours, const std::string& theirs, const std::vector<int64_t>& weight_shape) {
    add_one(ours + ".weight", theirs + ".weight", weight_shape, {});
    add_one(ours + ".bias", theirs + ".bias", {weight_shape[0]}, {});
  }
  void add_conv(const std::string& ours, const std::string& theirs, int64_t out, int64_t in, int64_t kernel) {
    add(ours, theirs, {out, in, kernel, kernel});
  }
  /// A linear layer of attention: in LDM files a 1 x 1 convolution, in older diffusers folders named otherwise.
  void add_attention(const std::string& block, const char* ours, const char* older, const std::string& theirs,
                     int64_t width) {
    for (const char* end : {".weight", ".bias"}) {
      const bool is_bias = end[1] == 'b';
      add_one(block + ours + end, theirs + end,
              is_bias ? std::vector<int64_t>{width} : std::vector<int64_t>{width, width}, block + older + end);
    }
  }
  std::vector<WantedParameter> take() { return std::move(list_); }

 private:
  void add_one(const std::string& ours, const std::string& theirs, const std::vector<int64_t>& shape,
               const std::string& older) {
    WantedParameter wanted{ours, shape, {{"diffusers", ours}}};
    if (!older.empty()) wanted.sources.push_back({"diffusers", older});
    if (shape.size() == 2) wanted.sources.push_back({"ldm", theirs, Parameter::Form::flatten_1x1});
    wanted.sources.push_back({"ldm", theirs});
    list_.push_back(std::move(wanted));
  }

  std::vector<WantedParameter> list_;
};

void add_resnet(KlList& list, const std::string& ours, const std::string& theirs, int64_t in, int64_t out) {
  list.add(ours + "norm1", theirs + "norm1", {in});
  list.add_conv(ours + "conv1", theirs + "conv1", out, in, 3);
  list.add(ours + "norm2", theirs + "norm2", {out});
  list.add_conv(ours + "conv2", theirs + "conv2", out, out, 3);
  if (in != out) list.add_conv(ours + "conv_shortcut", theirs + "nin_shortcut", out, in, 1);
}

void add_mid_block(KlList& list, const std::string& side, const KlConfig& config) {
  const int64_t width = config.block_out_channels.back();
  add_resnet(list, side + "mid_block.resnets.0.", side + "mid.block_1.", width, width);
  if (config.mid_block_add_attention) {
    const std::string ours = side + "mid_block.attentions.0.", theirs = side + "mid.attn_1.";
    list.add(ours + "group_norm", theirs + "norm", {width});
    list.add_attention(ours, "to_q", "query", theirs + "q", width);
    list.add_attention(ours, "to_k", "key", theirs + "k", width);
    list.add_attention(ours, "to_v", "value", theirs + "v", width);
    list.add_attention(ours, "to_out.0", "proj_attn", theirs + "proj_out", width);
  }
  add_resnet(list, side + "mid_block.resnets.1.", side + "mid.block_2.", width, width);
}

void add_encoder(KlList& list, const KlConfig& config) {
  const auto& widths = config.block_out_channels;
  list.add_conv("encoder.conv_in", "encoder.conv_in", widths.front(), config.in_channels, 3);
  for (int64_t level = 0; level < config.levels(); ++level) {
    const std::string ours = "encoder.down_blocks." + std::to_string(level) + ".",
                      theirs = "encoder.down." + std::to_string(level) + ".";
    for (int64_t j = 0; j < config.layers_per_block; ++j)
      add_resnet(list, ours + "resnets." + std::to_string(j) + ".", theirs + "block." + std::to_string(j) + ".",
                 j > 0 || level == 0 ? widths[level] : widths[level - 1], widths[level]);
    if (level + 1 < config.levels())
      list.add_conv(ours + "downsamplers.0.conv", theirs + "downsample.conv", widths[level], widths[level], 3);
  }
  add_mid_block(list, "encoder.", config);
  list.add("encoder.conv_norm_out", "encoder.norm_out", {widths.back()});
  list.add_conv("encoder.conv_out", "encoder.conv_out", 2 * config.latent_channels, widths.back(), 3);
  if (config.use_quant_conv)
    list.add_conv("quant_conv", "quant_conv", 2 * config.latent_channels, 2 * config.latent_channels, 1);
}

void add_decoder(KlList& list, const KlConfig& config) {
  const auto& widths = config.block_out_channels;
  if (config.use_post_quant_conv)
    list.add_conv("post_quant_conv", "post_quant_conv", config.latent_channels, config.latent_channels, 1);
  list.add_conv("decoder.conv_in", "decoder.conv_in", widths.back(), config.latent_channels, 3);
  add_mid_block(list, "decoder.", config);
  for (int64_t i = 0; i < config.levels(); ++i) {  // the coarsest first; LDM counts the other way
    const int64_t level = config.levels() - 1 - i;
    const std::string ours = "decoder.up_blocks." + std::to_string(i) + ".",
                      theirs = "decoder.up." + std::to_string(level) + ".";
    for (int64_t j = 0; j <= config.layers_per_block; ++j)
      add_resnet(list, ours + "resnets." + std::to_string(j) + ".", theirs + "block." + std::to_string(j) + ".",
                 j > 0 || i == 0 ? widths[level] : widths[level + 1], widths[level]);
    if (level > 0) list.add_conv(ours + "upsamplers.0.conv", theirs + "upsample.conv", widths[level], widths[level], 3);
  }
  list.add("decoder.conv_norm_out", "decoder.norm_out", {widths.front()});
  list.add_conv("decoder.conv_out", "decoder.conv_out", config.out_channels, widths.front(), 3);
}

}  // namespace

std::optional<KlNames> find_kl(const ModelFiles& files) {
  KlNames names;
  names.is_ldm = files.has("decoder.up.0.block.0.conv1.weight");
  if (!names.is_ldm && !files.has("decoder.up_blocks.0.resnets.0.conv1.weight")) return std::nullopt;
  names.has_encoder = files.has_under("encoder.");
  return names;
}

KlConfig derive_kl_config(const ModelFiles& files, const KlNames& names, std::vector<Fault>& faults) {
  KlConfig config;
  if (!names.is_ldm) {
    faults.push_back({files.place, "has no config.json, which the names of a diffusers VAE do not replace"});
    return config;
  }
  const auto block = [&](int64_t level, int64_t j) {
    return "decoder.up." + std::to_string(level) + ".block." + std::to_string(j) + ".conv1.weight";
  };
  config.block_out_channels.clear();
  for (int64_t level = 0; files.side(block(level, 0), 0) > 0; ++level)
    config.block_out_channels.push_back(files.side(block(level, 0), 0));
  while (files.has(block(0, config.layers_per_block + 1))) ++config.layers_per_block;
  config.latent_channels = std::max<int64_t>(1, files.side("decoder.conv_in.weight", 1));
  config.use_quant_conv = files.has("quant_conv.weight");
  config.use_post_quant_conv = files.has("post_quant_conv.weight");
  config.mid_block_add_attention = files.has("decoder.mid.attn_1.norm.weight");
  const auto is_told = [&](const char* word) { return files.told.is_object() && files.told.contains(word); };
  if (is_told(kMean)) config.latents_mean = files.told[kMean].get<std::vector<double>>();
  if (is_told(kDeviation)) config.latents_std = files.told[kDeviation].get<std::vector<double>>();
  if (is_told(kScalingFactor))
    config.scaling_factor = files.told[kScalingFactor].get<double>();
  else if (config.latent_channels != KlConfig().latent_channels)
    faults.push_back(
        {files.place,
         "the scaling factor of a VAE with " + std::to_string(config.latent_channels) +
             " latent channels cannot be told from its tensors: put settings with vae/scaling_factor into a "
             ".json file of the same name beside it"});
  return config;
}

std::vector<WantedParameter> kl_parameters(const KlConfig& config, bool has_encoder) {
  KlList list;
  if (has_encoder) add_encoder(list, config);
  add_decoder(list, config);
  return list.take();
}

bool passes_over(const std::string& name, const KlNames& names) {
  for (const char* start : {"loss.", "model_ema.", "logvar"})
    if (starts_with(name, start)) return true;
  return !names.has_encoder && starts_with(name, "quant_conv.");
}

}  // namespace alice::kl
