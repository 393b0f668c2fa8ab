#pragma once
// The shape of a UNet2DConditionModel: diffusers' config.json, with every setting that may be one value or one a level
// spelled out a level.

#include <optional>

#include "core/api/weights.h"

namespace alice::unet2d {

/// What SDXL is told of a picture: original size, crop, target size.
inline constexpr int64_t kTimeIds = 6;
/// SDXL's refiner takes height, width, crop and an aesthetic score.
inline constexpr int64_t kRefinerTimeIds = 5;

/// What lies between the way down and the way up.
enum class MiddleBlock {
  attending,  ///< a residual block, an attention and another residual block
  residual,   ///< one residual block (SSD-1B and its kin)
  none,       ///< nothing (BK-SDM small and tiny)
};

/// What a level of the network consists of. The same on the way down and up unless said otherwise.
struct UNetLevel {
  int64_t channels = 0;
  int64_t layers = 2;  ///< residual blocks on the way down; one more on the way up
  int64_t heads = 8;   ///< of attention
  bool attends_down = false;
  bool attends_up = false;
  /// Transformer blocks of each attention, in the order of the network: `layers` of them, and one more. Of no effect
  /// where a level does not attend, but that the middle block's are the first of the last level's way down.
  std::vector<int64_t> down_depths, up_depths;
};

struct UNetConfig {
  int64_t in_channels = 4;
  int64_t out_channels = 4;
  std::optional<int64_t> sample_size;  ///< latents, the side that it was trained at
  std::vector<UNetLevel> levels;  ///< the finest first. The middle block has the last one's channels and heads
  MiddleBlock middle = MiddleBlock::attending;
  bool center_input_sample = false;  ///< 2 x - 1 goes in
  bool flip_sin_to_cos = true;
  double freq_shift = 0;
  int64_t downsample_padding = 1;  ///< 0: one row and column at the right and the bottom only
  int64_t norm_num_groups = 32;
  double norm_eps = 1e-5;
  int64_t cross_attention_dim = 1280;  ///< width of the tokens
  bool use_linear_projection = false;
  int64_t conv_in_kernel = 3;
  int64_t conv_out_kernel = 3;
  std::optional<int64_t> time_embedding_dim;  ///< absent: 4 times the first width
  /// Sinusoids of the guidance scale that the network is told (Luo et al. 2023); absent: it is not told of it.
  std::optional<int64_t> time_cond_proj_dim;
  /// SDXL ("text_time"): sinusoids an id, and the width of pooled text and sinusoids together. Absent without it.
  std::optional<int64_t> addition_time_embed_dim, projection_class_embeddings_input_dim;

  int64_t middle_depth() const { return levels.back().down_depths.front(); }
  bool has_text_time() const { return projection_class_embeddings_input_dim.has_value(); }
  int64_t time_width() const { return time_embedding_dim.value_or(4 * levels.front().channels); }
};

/// Says config.json that it is a UNet2DConditionModel? Empty when it does not say what it is.
std::optional<bool> is_unet2d(const Json& config);

/// Throws Error(bad_weights) with every fault of files.config: wrong types and ranges, and settings that are not built.
UNetConfig read_unet_config(const ModelFiles& files);
/// diffusers before 0.9.0 wrote its class's default for the size of models of 64 latents; the reference's pipeline
/// takes 64 for a smaller one. Empty where `config` is right, else what it says.
std::optional<int64_t> outdated_sample_size(const Json& config);
/// As a config.json.
Json write_unet_config(const UNetConfig& config);

}  // namespace alice::unet2d
