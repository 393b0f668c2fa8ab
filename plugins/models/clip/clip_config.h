#pragma once
// The shape of a CLIP text encoder: transformers' CLIPTextConfig.

#include <optional>

#include "core/api/weights.h"

namespace alice::clip {

/// Names and defaults are transformers'.
struct ClipConfig {
  int64_t vocab_size = 49408;
  int64_t hidden_size = 512;
  int64_t intermediate_size = 2048;
  int64_t projection_dim = 512;  ///< read only with a projection
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 8;
  int64_t max_position_embeddings = 77;
  double layer_norm_eps = 1e-5;
  Activation hidden_act = Activation::quick_gelu;
  int64_t eos_token_id = 49407;
  bool has_projection = false;  ///< CLIPTextModelWithProjection: makes pooled text
};

/// Says config.json that it is a CLIP text encoder? Empty when it does not say what it is.
std::optional<bool> is_clip(const Json& config);
/// Is it one with a projection?
bool asks_for_projection(const Json& config);

/// Throws Error(bad_weights) with every fault of a config.json.
ClipConfig read_clip_config(const ModelFiles& files);
/// As a config.json.
Json write_clip_config(const ClipConfig& config);

}  // namespace alice::clip
