#include "plugins/models/unet2d/unet_weights.h"

#include <algorithm>

#include "core/base/text.h"

namespace alice::unet2d {
namespace {

constexpr int64_t kThree = 3;  // two blocks of a level and what changes the map's size, in SD 1.x

/// Collects the wanted parameters: `ours` is a module under diffusers, `theirs` under LDM.
class UNetList {
 public:
  void add(const std::string& ours, const std::string& theirs, const std::vector<int64_t>& weight_shape,
           bool has_bias = true) {
    add_one(ours + ".weight", theirs + ".weight", weight_shape);
    if (has_bias) add_one(ours + ".bias", theirs + ".bias", {weight_shape[0]});
  }
  /// A projection around a transformer: a linear layer or a 1 x 1 convolution by the config, and either in a file.
  void add_projection(const std::string& ours, const std::string& theirs, int64_t width, bool is_linear) {
    add(ours, theirs, is_linear ? std::vector<int64_t>{width, width} : std::vector<int64_t>{width, width, 1, 1});
    WantedParameter& weight = list_[list_.size() - 2];
    const Parameter::Form other = is_linear ? Parameter::Form::flatten_1x1 : Parameter::Form::expand_1x1;
    for (const auto& source : std::vector<WantedParameter::Source>(weight.sources))
      weight.sources.push_back({source.layout, source.name, other});
  }
  /// As add(), of a convolution that may stand in one of several places.
  void add_anywhere(const std::string& ours, const std::vector<std::string>& places, int64_t width) {
    add(ours, places.front(), {width, width, 3, 3});
    for (size_t i = 1; i < places.size(); ++i) {
      list_[list_.size() - 2].sources.push_back({"ldm", places[i] + ".weight"});
      list_.back().sources.push_back({"ldm", places[i] + ".bias"});
    }
  }
  std::vector<WantedParameter> take() { return std::move(list_); }

 private:
  void add_one(const std::string& ours, const std::string& theirs, const std::vector<int64_t>& shape) {
    list_.push_back({ours, shape, {{"diffusers", ours}, {"ldm", theirs}}});
  }

  std::vector<WantedParameter> list_;
};

/// Adds the parts of one network, level by level.
class UNetWalk {
 public:
  UNetWalk(const UNetConfig& config, const LdmCount& count) : config_(config), count_(count) {}

  std::vector<WantedParameter> walk() {
    add_ends();
    add_down();
    add_middle();
    add_up();
    return list_.take();
  }

 private:
  void add_ends() {
    const int64_t first = config_.levels.front().channels, time = config_.time_width();
    const auto square = [](int64_t out, int64_t in, int64_t side) { return std::vector<int64_t>{out, in, side, side}; };
    list_.add("conv_in", "input_blocks.0.0", square(first, config_.in_channels, config_.conv_in_kernel));
    list_.add("time_embedding.linear_1", "time_embed.0", {time, first});
    list_.add("time_embedding.linear_2", "time_embed.2", {time, time});
    if (config_.time_cond_proj_dim)
      list_.add("time_embedding.cond_proj", "time_embed.cond_proj", {first, *config_.time_cond_proj_dim}, false);
    if (config_.has_text_time()) {
      list_.add("add_embedding.linear_1", "label_emb.0.0", {time, *config_.projection_class_embeddings_input_dim});
      list_.add("add_embedding.linear_2", "label_emb.0.2", {time, time});
    }
    list_.add("conv_norm_out", "out.0", {first});
    list_.add("conv_out", "out.2", square(config_.out_channels, first, config_.conv_out_kernel));
    skips_ = {first};
  }

  // LDM counts what goes in one after another, level by level: the first convolution is 0.
  void add_down() {
    int64_t number = 1, width = config_.levels.front().channels;
    for (size_t i = 0; i < config_.levels.size(); ++i) {
      const UNetLevel& level = config_.levels[i];
      const std::string ours = "down_blocks." + std::to_string(i) + ".";
      for (int64_t j = 0; j < level.layers; ++j) {
        const std::string theirs = count_.down(i, number, j);
        add_resnet(ours + "resnets." + std::to_string(j), theirs + ".0", width, level.channels);
        if (level.attends_down)
          add_attention(ours + "attentions." + std::to_string(j), theirs + ".1", level, level.down_depths[j]);
        width = level.channels;
        skips_.push_back(width);
      }
      if (i + 1 == config_.levels.size()) break;
      list_.add(ours + "downsamplers.0.conv", count_.halving(i, number, level.layers), {width, width, 3, 3});
      skips_.push_back(width);
      number += level.layers + 1;
    }
  }

  void add_middle() {
    const UNetLevel& level = config_.levels.back();
    if (config_.middle == MiddleBlock::none) return;
    add_resnet("mid_block.resnets.0", "middle_block.0", level.channels, level.channels);
    if (config_.middle == MiddleBlock::residual) return;
    add_attention("mid_block.attentions.0", "middle_block.1", level, config_.middle_depth());
    add_resnet("mid_block.resnets.1", "middle_block.2", level.channels, level.channels);
  }

  void add_up() {
    int64_t number = 0, width = config_.levels.back().channels;
    const size_t count = config_.levels.size();
    for (size_t i = 0; i < count; ++i) {
      const UNetLevel& level = config_.levels[count - 1 - i];
      const std::string ours = "up_blocks." + std::to_string(i) + ".";
      for (int64_t j = 0; j <= level.layers; ++j) {
        const std::string theirs = count_.up(i, number, j);
        add_resnet(ours + "resnets." + std::to_string(j), theirs + ".0", width + take_skip(), level.channels);
        if (level.attends_up)
          add_attention(ours + "attentions." + std::to_string(j), theirs + ".1", level, level.up_depths[j]);
        width = level.channels;
      }
      if (i + 1 < count)
        list_.add_anywhere(ours + "upsamplers.0.conv", count_.doubling(i, number, level.layers, level.attends_up),
                           width);
      number += level.layers + 1;
    }
  }

  void add_resnet(const std::string& ours, const std::string& theirs, int64_t in, int64_t out) {
    list_.add(ours + ".norm1", theirs + ".in_layers.0", {in});
    list_.add(ours + ".conv1", theirs + ".in_layers.2", {out, in, 3, 3});
    list_.add(ours + ".time_emb_proj", theirs + ".emb_layers.1", {out, config_.time_width()});
    list_.add(ours + ".norm2", theirs + ".out_layers.0", {out});
    list_.add(ours + ".conv2", theirs + ".out_layers.3", {out, out, 3, 3});
    if (in != out) list_.add(ours + ".conv_shortcut", theirs + ".skip_connection", {out, in, 1, 1});
  }

  // Within an attention both layouts have the same names.
  void add_attention(const std::string& ours, const std::string& theirs, const UNetLevel& level, int64_t depth) {
    const int64_t width = level.channels;
    list_.add(ours + ".norm", theirs + ".norm", {width});
    list_.add_projection(ours + ".proj_in", theirs + ".proj_in", width, config_.use_linear_projection);
    for (int64_t k = 0; k < depth; ++k) {
      const std::string block = ".transformer_blocks." + std::to_string(k) + ".";
      const auto add = [&](const std::string& name, const std::vector<int64_t>& shape, bool has_bias = true) {
        list_.add(ours + block + name, theirs + block + name, shape, has_bias);
      };
      for (const auto& [name, context] :
           {std::pair<std::string, int64_t>("attn1.", width), {"attn2.", config_.cross_attention_dim}}) {
        add(name + "to_q", {width, width}, false);
        add(name + "to_k", {width, context}, false);
        add(name + "to_v", {width, context}, false);
        add(name + "to_out.0", {width, width});
      }
      for (const char* name : {"norm1", "norm2", "norm3"}) add(name, {width});
      add("ff.net.0.proj", {8 * width, width});  // four times the width, and as much again for the gates
      add("ff.net.2", {width, 4 * width});
    }
    list_.add_projection(ours + ".proj_out", theirs + ".proj_out", width, config_.use_linear_projection);
  }

  int64_t take_skip() {
    const int64_t width = skips_.back();
    skips_.pop_back();
    return width;
  }

  const UNetConfig& config_;
  const LdmCount& count_;
  UNetList list_;
  std::vector<int64_t> skips_;  // widths of what the way down leaves for the way up
};

}  // namespace

std::optional<UNetLayout> find_unet(const ModelFiles& files) {
  if (files.has("down_blocks.0.resnets.0.time_emb_proj.weight") && files.has("conv_in.weight"))
    return UNetLayout::diffusers;
  if (files.has("input_blocks.0.0.weight")) return UNetLayout::ldm;
  return std::nullopt;
}

LdmCount::LdmCount(const ModelFiles& files)
    : is_by_threes_(files.has("input_blocks.0.0.weight") && !files.has_under("input_blocks.2.") &&
                    files.has_under("input_blocks.3.")) {}

std::string LdmCount::down(size_t level, int64_t first, int64_t j) const {
  return "input_blocks." + std::to_string((is_by_threes_ ? kThree * static_cast<int64_t>(level) + 1 : first) + j);
}

std::string LdmCount::up(size_t level, int64_t first, int64_t j) const {
  return "output_blocks." + std::to_string((is_by_threes_ ? kThree * static_cast<int64_t>(level) : first) + j);
}

std::string LdmCount::halving(size_t level, int64_t first, int64_t layers) const {
  return down(level, first, is_by_threes_ ? kThree - 1 : layers) + ".0.op";
}

/// The last part of the level's last block; by threes, of a block of its own.
std::vector<std::string> LdmCount::doubling(size_t level, int64_t first, int64_t layers, bool attends) const {
  if (!is_by_threes_) return {up(level, first, layers) + (attends ? ".2.conv" : ".1.conv")};
  const std::string own = up(level, first, kThree - 1);
  return {own + ".2.conv", own + ".1.conv"};
}

std::vector<WantedParameter> unet_parameters(const UNetConfig& config, const ModelFiles& files) {
  const LdmCount count(files);
  return UNetWalk(config, count).walk();
}

}  // namespace alice::unet2d
