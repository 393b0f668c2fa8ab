#include "plugins/models/unet2d/unet_shapes.h"

#include <algorithm>

#include "plugins/models/unet2d/unet_weights.h"

namespace alice::unet2d {
namespace {

constexpr int64_t kConvolutionHeads = 8, kHeadWidth = 64;
constexpr int64_t kSinusoids = 256;     // an id, in every published network that is told sizes
constexpr int64_t kMostBlocks = 32;     // on the way down, SD 1.x has 12
constexpr int64_t kUsualLatents = 64;   // 512 pixels
constexpr int64_t kUsualContext = 768;  // of a network without any attention: of no effect

/// Looks at a single file's UNet.
class Shapes {
 public:
  explicit Shapes(const ModelFiles& files) : count(files), files_(files) {}

  const LdmCount count;

  bool has(const std::string& name) const { return files_.has(name); }
  /// The length of one side of a tensor, or `otherwise`.
  int64_t side(const std::string& name, size_t dimension, int64_t otherwise) const {
    const int64_t side = files_.side(name, dimension);
    return side < 0 ? otherwise : std::max<int64_t>(1, side);
  }
  size_t dimensions(const std::string& name) const {
    const TensorInfo* info = files_.find(name);
    return info ? info->shape.size() : 0;
  }
  /// Transformer blocks of the attention at `block`; 0 when there is none.
  int64_t depth(const std::string& block) const {
    int64_t count = 0;
    while (has(block + ".transformer_blocks." + std::to_string(count) + ".norm1.weight")) ++count;
    return count;
  }

 private:
  const ModelFiles& files_;
};

/// The way down of level `i`, whose first block is `first` where one follows another.
UNetLevel derive_down(const Shapes& shapes, size_t i, int64_t first) {
  UNetLevel level;
  for (level.layers = 0;; ++level.layers) {
    const std::string block = shapes.count.down(i, first, level.layers);
    if (!shapes.has(block + ".0.in_layers.2.weight")) return level;
    level.channels = shapes.side(block + ".0.in_layers.2.weight", 0, 1);
    level.down_depths.push_back(shapes.depth(block + ".1"));
    level.attends_down = level.attends_down || level.down_depths.back() > 0;
  }
}

/// The way up of the level that is `i`-th from below.
void derive_up(const Shapes& shapes, size_t i, int64_t first, UNetLevel& level) {
  for (int64_t j = 0; j <= level.layers; ++j) {
    const std::string theirs = shapes.count.up(i, first, j) + ".1";
    const std::string ours = "up_blocks." + std::to_string(i) + ".attentions." + std::to_string(j);
    level.up_depths.push_back(std::max(shapes.depth(theirs), shapes.depth(ours)));  // the script leaves some so
    level.attends_up = level.attends_up || level.up_depths.back() > 0;
  }
}

/// Where nothing attends: of no effect, but the last level's depth is the middle block's.
void fill_depths(UNetLevel& level, int64_t deepest) {
  if (!level.attends_down && !level.attends_up) level.down_depths.assign(level.layers, deepest);
  if (!level.attends_down && level.attends_up) level.down_depths.assign(level.layers, level.up_depths.front());
  if (!level.attends_up) level.up_depths.assign(level.layers + 1, level.down_depths.front());
  for (auto* depths : {&level.down_depths, &level.up_depths})
    for (int64_t& depth : *depths) depth = std::max<int64_t>(1, depth);
}

std::vector<UNetLevel> derive_levels(const Shapes& shapes) {
  std::vector<UNetLevel> levels;
  int64_t number = 1;
  for (bool is_last = false; !is_last; number += levels.back().layers + 1) {
    const size_t i = levels.size();
    levels.push_back(derive_down(shapes, i, number));
    is_last =
        levels.size() == kMostBlocks || !shapes.has(shapes.count.halving(i, number, levels.back().layers) + ".weight");
  }
  const int64_t deepest = std::max<int64_t>(1, shapes.depth("middle_block.1"));
  number = 0;
  for (size_t i = 0; i < levels.size(); ++i) {
    UNetLevel& level = levels[levels.size() - 1 - i];
    level.layers = std::max<int64_t>(1, level.layers), level.channels = std::max<int64_t>(1, level.channels);
    level.down_depths.resize(level.layers, 0);
    derive_up(shapes, i, number, level);
    fill_depths(level, deepest);
    number += level.layers + 1;
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

/// Of each level, from its width and the kind of its projections.
void set_heads(UNetConfig& config, const ModelFiles& files, std::vector<Fault>& faults) {
  for (UNetLevel& level : config.levels) {
    const int64_t part = config.use_linear_projection ? kHeadWidth : kConvolutionHeads;
    level.heads = config.use_linear_projection ? std::max<int64_t>(1, level.channels / part) : part;
    const bool attends = level.attends_down || level.attends_up;
    if (!attends || level.channels % part == 0) continue;
    faults.push_back({files.place, "the number of attention heads of a UNet with a level of " +
                                       std::to_string(level.channels) +
                                       " channels cannot be told from its tensors: put settings with "
                                       "unet/attention_head_dim into a .json file of the same name beside it"});
    return;
  }
}

}  // namespace

UNetConfig derive_unet_config(const ModelFiles& files, std::vector<Fault>& faults) {
  const Shapes shapes(files);
  UNetConfig config;
  config.levels = derive_levels(shapes);
  config.in_channels = shapes.side("input_blocks.0.0.weight", 1, 4);
  config.conv_in_kernel = shapes.side("input_blocks.0.0.weight", 2, 3);
  config.out_channels = shapes.side("out.2.weight", 0, 4);
  config.conv_out_kernel = shapes.side("out.2.weight", 2, 3);
  config.middle = derive_middle(shapes);
  const std::string attention = some_attention(shapes);
  config.cross_attention_dim = shapes.side(attention + ".transformer_blocks.0.attn2.to_k.weight", 1, kUsualContext);
  config.use_linear_projection = shapes.dimensions(attention + ".proj_in.weight") == 2;
  if (shapes.has("time_embed.cond_proj.weight"))
    config.time_cond_proj_dim = shapes.side("time_embed.cond_proj.weight", 1, 1);
  config.sample_size = files.told.is_object() ? files.told.value(kNativeSide, kUsualLatents) : kUsualLatents;
  if (shapes.has("label_emb.0.0.weight")) {
    config.addition_time_embed_dim = kSinusoids;
    config.projection_class_embeddings_input_dim = shapes.side("label_emb.0.0.weight", 1, 1);
  }
  set_heads(config, files, faults);
  return config;
}

}  // namespace alice::unet2d
