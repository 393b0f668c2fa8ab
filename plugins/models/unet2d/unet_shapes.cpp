#include "plugins/models/unet2d/unet_shapes.h"

#include <algorithm>

#include "plugins/models/unet2d/unet_weights.h"

namespace alice::unet2d {
namespace {

constexpr int64_t kSd1Context = 768, kSd2Context = 1024, kSdxlContext = 2048, kSdxlRefinerContext = 1280;
constexpr int64_t kSd1Heads = 8, kHeadWidth = 64;
constexpr int64_t kSdxlSinusoids = 256;
constexpr int64_t kMostBlocks = 32;                      // on the way down, SD 1.x has 12
constexpr int64_t kSd1Latents = 64, kSdxlLatents = 128;  // 512 and 1024 pixels

/// Looks at a single file's UNet.
class Shapes {
 public:
  explicit Shapes(const TensorIndex& index) : index_(index) {}

  bool has(const std::string& name) const { return index_.contains(kLdmRoot + name); }
  /// The length of one side of a tensor, or `otherwise`.
  int64_t side(const std::string& name, size_t dimension, int64_t otherwise) const {
    const TensorInfo* info = index_.find(kLdmRoot + name);
    return info && dimension < info->shape.size() ? std::max<int64_t>(1, info->shape[dimension]) : otherwise;
  }
  size_t dimensions(const std::string& name) const {
    const TensorInfo* info = index_.find(kLdmRoot + name);
    return info ? info->shape.size() : 0;
  }
  /// Transformer blocks of the attention at `block`; 0 when there is none.
  int64_t depth(const std::string& block) const {
    int64_t count = 0;
    while (has(block + ".transformer_blocks." + std::to_string(count) + ".norm1.weight")) ++count;
    return count;
  }

 private:
  const TensorIndex& index_;
};

std::vector<UNetLevel> derive_levels(const Shapes& shapes) {
  std::vector<UNetLevel> levels(1);
  levels[0].layers = 0;
  // A level without attention: of no effect, but the last level's depth is the middle block's.
  const int64_t deepest = std::max<int64_t>(1, shapes.depth("middle_block.1"));
  levels[0].depth = deepest;
  for (int64_t number = 1;; ++number) {
    const std::string block = "input_blocks." + std::to_string(number) + ".";
    UNetLevel& level = levels.back();
    if (shapes.has(block + "0.op.weight")) {
      levels.push_back({0, 0, 0, deepest, false, false});
      continue;
    }
    if (!shapes.has(block + "0.in_layers.2.weight")) break;
    level.channels = shapes.side(block + "0.in_layers.2.weight", 0, 1);
    ++level.layers;
    if (const int64_t depth = shapes.depth(block + "1"); depth > 0) level.depth = depth, level.attends_down = true;
  }
  int64_t number = 0;
  for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
    level->attends_up = shapes.depth("output_blocks." + std::to_string(number) + ".1") > 0;
    number += level->layers + 1;
  }
  return levels;
}

MiddleBlock derive_middle(const Shapes& shapes) {
  if (!shapes.has("middle_block.0.in_layers.0.weight")) return MiddleBlock::none;
  return shapes.depth("middle_block.1") > 0 ? MiddleBlock::attending : MiddleBlock::residual;
}

/// Any attention: all are told the same tokens, between projections of one kind.
std::string some_attention(const Shapes& shapes) {
  for (const char* side : {"middle_block", "input_blocks"})
    for (int64_t number = 0; number < kMostBlocks; ++number) {
      const std::string block =
          std::string(side) + "." + std::to_string(number) + (std::string_view(side) == "input_blocks" ? ".1" : "");
      if (shapes.depth(block) > 0) return block;
    }
  return "middle_block.1";
}

}  // namespace

UNetConfig derive_unet_config(const ModelFiles& files, std::vector<Fault>& faults) {
  const Shapes shapes(files.weights->index());
  UNetConfig config;
  config.levels = derive_levels(shapes);
  for (UNetLevel& level : config.levels)
    level.channels = std::max<int64_t>(1, level.channels), level.layers = std::max<int64_t>(1, level.layers);
  config.in_channels = shapes.side("input_blocks.0.0.weight", 1, 4);
  config.conv_in_kernel = shapes.side("input_blocks.0.0.weight", 2, 3);
  config.out_channels = shapes.side("out.2.weight", 0, 4);
  config.conv_out_kernel = shapes.side("out.2.weight", 2, 3);
  config.middle = derive_middle(shapes);
  const std::string attention = some_attention(shapes);
  config.cross_attention_dim = shapes.side(attention + ".transformer_blocks.0.attn2.to_k.weight", 1, kSd1Context);
  config.use_linear_projection = shapes.dimensions(attention + ".proj_in.weight") == 2;
  config.sample_size = kSd1Latents;
  if (shapes.has("label_emb.0.0.weight")) {
    config.sample_size = kSdxlLatents;
    config.addition_time_embed_dim = kSdxlSinusoids;
    config.projection_class_embeddings_input_dim = shapes.side("label_emb.0.0.weight", 1, 1);
  }
  const int64_t context = config.cross_attention_dim;
  const bool has_wide_heads = context == kSd2Context || context == kSdxlContext || context == kSdxlRefinerContext;
  if (context != kSd1Context && !has_wide_heads)
    faults.push_back(
        {files.place,
         "the number of attention heads of a UNet for tokens of " + std::to_string(context) +
             " numbers cannot be told from its tensors: put settings with unet/attention_head_dim into a .json "
             "file of the same name beside it"});
  for (UNetLevel& level : config.levels)
    level.heads = has_wide_heads ? std::max<int64_t>(1, level.channels / kHeadWidth) : kSd1Heads;
  return config;
}

Json usual_scheduler(const UNetConfig& config, const TensorIndex& index) {
  Json scheduler = {{"_class_name", config.has_text_time() ? "EulerDiscreteScheduler" : "PNDMScheduler"},
                    {"num_train_timesteps", 1000},
                    {"beta_start", 0.00085},
                    {"beta_end", 0.012},
                    {"beta_schedule", "scaled_linear"},
                    {"timestep_spacing", "leading"},
                    {"steps_offset", 1}};
  if (!config.has_text_time())
    scheduler["set_alpha_to_one"] = false, scheduler["skip_prk_steps"] = true, scheduler["clip_sample"] = false;
  if (index.contains("v_pred"))
    scheduler["prediction_type"] = "v_prediction";
  else if (config.cross_attention_dim != kSd2Context)
    scheduler["prediction_type"] = "epsilon";
  if (index.contains("ztsnr")) scheduler["rescale_betas_zero_snr"] = true;
  return scheduler;
}

}  // namespace alice::unet2d
