#include "plugins/models/tiny_autoencoder/tiny_config.h"

#include <algorithm>

namespace alice::tiny {
namespace {

constexpr const char* kClass = "AutoencoderTiny";
constexpr size_t kMostStages = 8;
constexpr Range kWidth = {1, 1 << 12};
constexpr Range kBlocks = {0, 64};

const OptionTable<TinyConfig>& options() {
  static const auto table =
      OptionTable<TinyConfig>()
          .integer("in_channels", &TinyConfig::in_channels, {3, 3}, "colours in")
          .integer("out_channels", &TinyConfig::out_channels, {3, 3}, "colours out")
          .integer("latent_channels", &TinyConfig::latent_channels, {1, 256}, "channels of the latents")
          .integer("encoder_block_out_channels", &TinyConfig::encoder_block_out_channels, kWidth,
                   "width of each stage of the encoder")
          .integer("decoder_block_out_channels", &TinyConfig::decoder_block_out_channels, kWidth,
                   "width of each stage of the decoder")
          .integer("num_encoder_blocks", &TinyConfig::num_encoder_blocks, kBlocks,
                   "residual blocks of each stage of the encoder")
          .integer("num_decoder_blocks", &TinyConfig::num_decoder_blocks, kBlocks,
                   "residual blocks of each stage of the decoder")
          .integer("upsampling_scaling_factor", &TinyConfig::upsampling_scaling_factor, {2, 2},
                   "how much a stage grows")
          .number("scaling_factor", &TinyConfig::scaling_factor, {1e-6, 1e6},
                  "the sampler's latents = (raw - shift) * factor")
          .number("shift_factor", &TinyConfig::shift_factor, {-1e6, 1e6}, "the shift in it");
  return table;
}

void check_stages(const std::vector<int64_t>& widths, const std::vector<int64_t>& blocks, const std::string& place,
                  Faults& faults) {
  if (widths.empty() || widths.size() > kMostStages)
    faults.add(place, "must have from 1 to " + std::to_string(kMostStages) + " stages");
  else if (widths.size() != blocks.size())
    faults.add(place, "has " + std::to_string(widths.size()) + " stages, the numbers of blocks " +
                          std::to_string(blocks.size()));
  else if (std::count(widths.begin(), widths.end(), widths[0]) != static_cast<ptrdiff_t>(widths.size()))
    faults.add(place, "must have the same width for every stage");
}

void check_word(const Json& config, const char* key, const char* allowed, const PlaceOf& place, Faults& faults) {
  if (const auto found = config.find(key); found != config.end() && *found != allowed)
    faults.add(place(key), dump_json(*found) + " is not built; " + allowed + " is");
}

}  // namespace

std::optional<bool> is_tiny(const Json& config) {
  if (!config.is_object() || !config.contains("_class_name")) return std::nullopt;
  return config["_class_name"] == kClass;
}

TinyConfig read_tiny_config(const ModelFiles& files) {
  const PlaceOf place = config_places(files);
  Faults faults;
  const TinyConfig config = options().read(files.config, UnknownKeys::pass_over, place, faults);
  check_stages(config.encoder_block_out_channels, config.num_encoder_blocks, place("encoder_block_out_channels"),
               faults);
  check_stages(config.decoder_block_out_channels, config.num_decoder_blocks, place("decoder_block_out_channels"),
               faults);
  if (config.num_encoder_blocks.size() != config.num_decoder_blocks.size())
    faults.add(place("num_encoder_blocks"),
               "must have as many stages as the decoder, " + std::to_string(config.num_decoder_blocks.size()));
  if (files.config.is_object()) {
    check_word(files.config, "act_fn", "relu", place, faults);
    check_word(files.config, "upsample_fn", "nearest", place, faults);
  }
  faults.throw_if_any(ErrorCode::bad_weights);
  return config;
}

Json write_tiny_config(const TinyConfig& config) {
  Json json = options().write(config);
  json["_class_name"] = kClass;
  return json;
}

}  // namespace alice::tiny
