#include "plugins/models/autoencoder_kl/kl_config.h"

namespace alice::kl {
namespace {

constexpr const char* kClass = "AutoencoderKL";
constexpr const char* kDownBlock = "DownEncoderBlock2D";
constexpr const char* kUpBlock = "UpDecoderBlock2D";
constexpr int64_t kMostLevels = 8;

const OptionTable<KlConfig>& options() {
  static const auto table =
      OptionTable<KlConfig>()
          .integer("in_channels", &KlConfig::in_channels, {3, 3}, "colours in")
          .integer("out_channels", &KlConfig::out_channels, {3, 3}, "colours out")
          .integer("block_out_channels", &KlConfig::block_out_channels, {1, 1 << 13},
                   "width of each level, the finest first")
          .integer("layers_per_block", &KlConfig::layers_per_block, {1, 64},
                   "residual blocks of a level of the encoder")
          .integer("latent_channels", &KlConfig::latent_channels, {1, 256}, "channels of the latents")
          .integer("norm_num_groups", &KlConfig::norm_num_groups, {1, 1 << 13}, "groups of the norms")
          .integer("sample_size", &KlConfig::sample_size, {1, 1 << 16}, "side that it was trained at", "pixels")
          .number("scaling_factor", &KlConfig::scaling_factor, {1e-6, 1e6},
                  "the sampler's latents = (raw - shift) * factor")
          .number("shift_factor", &KlConfig::shift_factor, {-1e6, 1e6}, "the shift in it")
          .number("latents_mean", &KlConfig::latents_mean, {-1e6, 1e6},
                  "mean of each channel, in the shift's place: the sampler's latents = (raw - mean) * factor / std")
          .number("latents_std", &KlConfig::latents_std, {1e-6, 1e6}, "deviation of each channel in it")
          .boolean("use_quant_conv", &KlConfig::use_quant_conv, "a convolution after the encoder")
          .boolean("use_post_quant_conv", &KlConfig::use_post_quant_conv, "a convolution before the decoder")
          .boolean("mid_block_add_attention", &KlConfig::mid_block_add_attention, "attention at the coarsest level");
  return table;
}

/// Settings of diffusers that change the network in ways that are not built; the values here change nothing.
struct Refused {
  std::string act_fn = "silu";
  std::vector<std::string> down_block_types, up_block_types;
};

const OptionTable<Refused>& refused_options() {
  static const auto table =
      OptionTable<Refused>()
          .text("act_fn", &Refused::act_fn, "activation")
          .text("down_block_types", &Refused::down_block_types, "kind of each level of the encoder")
          .text("up_block_types", &Refused::up_block_types, "kind of each level of the decoder");
  return table;
}

void check_blocks(const std::vector<std::string>& types, const char* allowed, int64_t levels, const std::string& place,
                  Faults& faults) {
  if (types.empty()) return;
  if (static_cast<int64_t>(types.size()) != levels)
    faults.add(place, "must name as many blocks as block_out_channels has levels, " + std::to_string(levels));
  for (const std::string& type : types)
    if (type != allowed) faults.add(place, "'" + type + "' is not built; only " + allowed + " is");
}

void check_refused(const ModelFiles& files, const KlConfig& config, Faults& faults) {
  const PlaceOf place = config_places(files);
  const Refused refused = refused_options().read(files.config, UnknownKeys::pass_over, place, faults);
  if (refused.act_fn != "silu" && refused.act_fn != "swish")
    faults.add(place("act_fn"), "'" + refused.act_fn + "' is not built; silu is");
  check_blocks(refused.down_block_types, kDownBlock, config.levels(), place("down_block_types"), faults);
  check_blocks(refused.up_block_types, kUpBlock, config.levels(), place("up_block_types"), faults);
}

void check_channels(const KlConfig& config, const PlaceOf& place, Faults& faults) {
  const auto count = static_cast<size_t>(config.latent_channels);
  if (config.latents_mean.empty() && config.latents_std.empty()) return;
  for (const auto& [name, values] : {std::pair{"latents_mean", &config.latents_mean},
                                     std::pair{"latents_std", &config.latents_std}})
    if (values->size() != count)
      faults.add(place(name), "must have a number for each of the " + std::to_string(count) +
                                  " latent channels, as latents_mean and latents_std belong together");
  if (config.shift_factor.value_or(0) != 0)
    faults.add(place("shift_factor"), "excludes latents_mean, which stands in its place");
}

}  // namespace

std::optional<bool> is_autoencoder_kl(const Json& config) {
  if (!config.is_object() || !config.contains("_class_name")) return std::nullopt;
  return config["_class_name"] == kClass;
}

KlConfig read_kl_config(const ModelFiles& files) {
  const PlaceOf place = config_places(files);
  Faults faults;
  Json given = files.config;
  if (given.is_object() && given.contains("sample_size") && given["sample_size"].is_array())
    given.erase("sample_size");  // [height, width]: told to people only
  const KlConfig config = options().read(given, UnknownKeys::pass_over, place, faults);
  if (config.levels() < 1 || config.levels() > kMostLevels)
    faults.add(place("block_out_channels"), "must have from 1 to " + std::to_string(kMostLevels) + " levels");
  for (int64_t width : config.block_out_channels)
    if (width % config.norm_num_groups != 0)
      faults.add(place("block_out_channels"), std::to_string(width) + " channels do not fall into norm_num_groups, " +
                                                  std::to_string(config.norm_num_groups));
  check_refused(files, config, faults);
  check_channels(config, place, faults);
  faults.throw_if_any(ErrorCode::bad_weights);
  return config;
}

Json write_kl_config(const KlConfig& config) {
  Json json = options().write(config);
  json["_class_name"] = kClass;
  return json;
}

}  // namespace alice::kl
