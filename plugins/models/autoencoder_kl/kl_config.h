#pragma once
// The shape of an AutoencoderKL: diffusers' config.json.

#include <optional>

#include "core/api/weights.h"

namespace alice::kl {

/// Names and defaults are diffusers'. What is not here is either without effect (force_upcast: no
/// float16 is computed in) or refused.
struct KlConfig {
  int64_t in_channels = 3;
  int64_t out_channels = 3;
  std::vector<int64_t> block_out_channels = {64};  ///< widths, the finest level first
  int64_t layers_per_block = 1;
  int64_t latent_channels = 4;
  int64_t norm_num_groups = 32;
  std::optional<int64_t> sample_size;  ///< pixels that it was trained at
  double scaling_factor = 0.18215;
  std::optional<double> shift_factor;
  /// Of each channel of the raw latents; both or neither, and without a shift.
  std::vector<double> latents_mean, latents_std;
  bool use_quant_conv = true;
  bool use_post_quant_conv = true;
  bool mid_block_add_attention = true;

  int64_t levels() const { return static_cast<int64_t>(block_out_channels.size()); }
  /// Pixels a latent, each way: every level but the last halves.
  int64_t reduction() const { return int64_t{1} << (levels() - 1); }
};

/// Says config.json that it is an AutoencoderKL? Empty when it does not say what it is.
std::optional<bool> is_autoencoder_kl(const Json& config);

/// Throws Error(bad_weights) with every fault of files.config.
KlConfig read_kl_config(const ModelFiles& files);
/// As a config.json.
Json write_kl_config(const KlConfig& config);

}  // namespace alice::kl
