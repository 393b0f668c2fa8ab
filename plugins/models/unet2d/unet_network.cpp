#include "plugins/models/unet2d/unet_network.h"

#include <algorithm>

namespace alice::unet2d {
namespace {

/// The middle block attends always, at the last level.
const UNetLevel& largest_attending(const UNetConfig& config) {
  const auto attends = [](const UNetLevel& level) { return level.attends_down || level.attends_up; };
  const auto found = std::find_if(config.levels.begin(), config.levels.end(), attends);
  return found == config.levels.end() ? config.levels.back() : *found;
}

}  // namespace

UNetNetwork::UNetNetwork(const UNetConfig& config, const ModelWeights& weights)
    : config_(config),
      backend_(weights.backend_ptr()),
      conv_in_shape_{1, (config.conv_in_kernel - 1) / 2},
      conv_out_shape_{1, (config.conv_out_kernel - 1) / 2},
      time_embedding_("time_embedding", weights),
      norm_out_(read_norm("conv_norm_out", weights, config)) {
  conv_in_ = weights.conv2d("conv_in", conv_in_shape_);
  conv_out_ = weights.conv2d("conv_out", conv_out_shape_);
  if (config.has_text_time()) add_embedding_.emplace("add_embedding", weights);
  if (config.time_cond_proj_dim) guidance_projection_ = weights.linear("time_embedding.cond_proj");

  const size_t count = config_.levels.size();
  for (size_t i = 0; i < count; ++i) {
    const UNetLevel& level = config_.levels[i];
    const std::string block = "down_blocks." + std::to_string(i) + ".";
    Down down;
    for (int64_t j = 0; j < level.layers; ++j)
      down.layers.push_back(read_layer(block, j, weights, level, level.attends_down ? level.down_depths[j] : 0));
    if (i + 1 < count) down.downsample.emplace(block + "downsamplers.0", weights, config.downsample_padding);
    down_.push_back(std::move(down));
  }

  const bool attends = config_.middle == MiddleBlock::attending;
  if (config_.middle != MiddleBlock::none)
    middle_.push_back(
        read_layer("mid_block.", 0, weights, config_.levels.back(), attends ? config_.middle_depth() : 0));
  if (attends) middle_.push_back(read_layer("mid_block.", 1, weights, config_.levels.back(), 0));

  for (size_t i = 0; i < count; ++i) {
    const UNetLevel& level = config_.levels[count - 1 - i];
    const std::string block = "up_blocks." + std::to_string(i) + ".";
    Up up;
    for (int64_t j = 0; j <= level.layers; ++j)
      up.layers.push_back(read_layer(block, j, weights, level, level.attends_up ? level.up_depths[j] : 0));
    if (i + 1 < count) up.upsample.emplace(block + "upsamplers.0", weights);
    up_.push_back(std::move(up));
  }
}

Layer UNetNetwork::read_layer(const std::string& block, int64_t number, const ModelWeights& weights,
                              const UNetLevel& level, int64_t depth) {
  Layer layer{ResnetBlock(block + "resnets." + std::to_string(number), weights, config_), std::nullopt,
              transformer_blocks_, &level == &largest_attending(config_)};
  if (depth > 0) {
    layer.attention.emplace(block + "attentions." + std::to_string(number), weights, config_, level.heads, depth);
    transformer_blocks_ += layer.attention->blocks().size();
  }
  return layer;
}

PreparedConditioning UNetNetwork::prepare(const Tensor& tokens, const Tensor& pooled, const Tensor& time_ids,
                                          const Tensor& guidance_scale) const {
  PreparedConditioning prepared;
  const auto add = [&](const std::vector<Layer>& layers) {
    for (const Layer& layer : layers)
      if (layer.attention)
        for (const TransformerBlock& block : layer.attention->blocks())
          prepared.tokens.push_back(block.prepare(*backend_, tokens));
  };
  for (const Down& down : down_) add(down.layers);  // in the order of construction, which Layer::first_tokens counts
  add(middle_);
  for (const Up& up : up_) add(up.layers);

  if (add_embedding_) {
    const Tensor sizes =
        sinusoids(time_ids.reshape(-1), *config_.addition_time_embed_dim, config_).view({time_ids.size(0), -1});
    const Tensor joined = at::cat({pooled, sizes.to(pooled.options())}, 1);
    prepared.added = (*add_embedding_)(*backend_, joined);
  }
  if (guidance_projection_) {
    const auto options = at::TensorOptions(backend_->device()).dtype(backend_->dtype());
    prepared.guidance = backend_->linear(guidance_sinusoids(guidance_scale, *config_.time_cond_proj_dim).to(options),
                                         *guidance_projection_);
  }
  return prepared;
}

Tensor UNetNetwork::time_of(const Tensor& t, const PreparedConditioning& conditioning) const {
  const auto options = at::TensorOptions(backend_->device()).dtype(backend_->dtype());
  Tensor waves = sinusoids(t, config_.levels.front().channels, config_).to(options);
  if (conditioning.guidance.defined()) waves = waves + conditioning.guidance;
  Tensor embedded = time_embedding_(*backend_, waves);
  if (conditioning.added.defined()) embedded = embedded + conditioning.added;
  return activate(embedded, Activation::silu);  // every residual block wants it so
}

Tensor UNetNetwork::run(const Layer& layer, const Tensor& x, const Tensor& time,
                        const PreparedConditioning& conditioning) const {
  const Tensor h = layer.resnet(*backend_, x, time);
  if (!layer.attention) return h;
  const double merging_ratio = layer.may_merge ? conditioning.token_merging_ratio : 0;
  return (*layer.attention)(*backend_, h, merging_ratio, &conditioning.tokens[layer.first_tokens]);
}

Tensor UNetNetwork::run_up(const Up& up, Tensor h, std::vector<Tensor>& skips, const Tensor& time,
                           const PreparedConditioning& conditioning) const {
  for (const Layer& layer : up.layers) {
    h = run(layer, at::cat({h, skips.back()}, 1), time, conditioning);
    skips.pop_back();
  }
  return h;
}

Entrance UNetNetwork::enter(const Tensor& x, const Tensor& t, const PreparedConditioning& conditioning) const {
  Entrance entrance{time_of(t, conditioning), {}};
  Tensor h = backend_->conv2d(config_.center_input_sample ? 2 * x - 1 : x, *conv_in_, conv_in_shape_);
  entrance.skips.push_back(h);
  for (const Layer& layer : down_.front().layers)
    entrance.skips.push_back(h = run(layer, h, entrance.time, conditioning));
  return entrance;
}

Tensor UNetNetwork::descend(const Entrance& entrance, const PreparedConditioning& conditioning) const {
  const Tensor& time = entrance.time;
  Tensor h = entrance.skips.back();
  std::vector<Tensor> skips = {h};  // the first is read for its size only
  for (size_t i = 0; i < down_.size(); ++i) {
    if (i > 0)
      for (const Layer& layer : down_[i].layers) skips.push_back(h = run(layer, h, time, conditioning));
    if (down_[i].downsample) skips.push_back(h = (*down_[i].downsample)(*backend_, h));
  }
  for (const Layer& layer : middle_) h = run(layer, h, time, conditioning);
  for (size_t i = 0; i + 1 < up_.size(); ++i) {
    h = run_up(up_[i], h, skips, time, conditioning);
    h = (*up_[i].upsample)(*backend_, h, skips.back().size(2), skips.back().size(3));
  }
  return h;
}

Tensor UNetNetwork::leave(Entrance entrance, const Tensor& deep, const PreparedConditioning& conditioning) const {
  const Tensor h = run_up(up_.back(), deep, entrance.skips, entrance.time, conditioning);
  return norm_conv2d(*backend_, h, norm_out_, *conv_out_, conv_out_shape_);
}

}  // namespace alice::unet2d
