#pragma once
// The shape of a tiny autoencoder: the config.json of diffusers' AutoencoderTiny.

#include <optional>

#include "core/api/weights.h"

namespace alice::tiny {

/// Names and defaults are diffusers'.
struct TinyConfig {
  int64_t in_channels = 3;
  int64_t out_channels = 3;
  int64_t latent_channels = 4;
  /// Widths: the same for every stage, since no convolution between two changes it.
  std::vector<int64_t> encoder_block_out_channels = {64, 64, 64, 64};
  std::vector<int64_t> decoder_block_out_channels = {64, 64, 64, 64};
  /// Residual blocks of each stage. The encoder's first is the finest, and every other one halves; the decoder's last
  /// is the finest, and every other one doubles.
  std::vector<int64_t> num_encoder_blocks = {1, 3, 3, 3};
  std::vector<int64_t> num_decoder_blocks = {3, 3, 3, 1};
  int64_t upsampling_scaling_factor = 2;
  double scaling_factor = 1;
  double shift_factor = 0;

  /// Pixels a latent, each way.
  int64_t reduction() const { return int64_t{1} << (num_decoder_blocks.size() - 1); }
};

/// Says config.json that it is an AutoencoderTiny? Empty when it does not say what it is.
std::optional<bool> is_tiny(const Json& config);

/// Throws Error(bad_weights) with every fault of files.config.
TinyConfig read_tiny_config(const ModelFiles& files);
/// As a config.json.
Json write_tiny_config(const TinyConfig& config);

}  // namespace alice::tiny
