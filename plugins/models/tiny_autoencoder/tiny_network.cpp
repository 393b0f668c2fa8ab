#include "plugins/models/tiny_autoencoder/tiny_network.h"

namespace alice::tiny {
namespace {

const Epilogue kRelu = {Activation::relu, std::nullopt};
constexpr Conv2dShape kSame = {1, 1};
constexpr Conv2dShape kHalving = {2, 1};

std::string layer_name(const char* half, int64_t layer) {
  return std::string(half) + ".layers." + std::to_string(layer);
}

}  // namespace

TinyBlock::TinyBlock(const std::string& module, const ModelWeights& weights)
    : conv1_(weights.conv2d(module + ".conv.0", kSame)),
      conv2_(weights.conv2d(module + ".conv.2", kSame)),
      conv3_(weights.conv2d(module + ".conv.4", kSame)) {}

Tensor TinyBlock::operator()(const Backend& backend, const Tensor& x) const {
  const Tensor h = backend.conv2d(backend.conv2d(x, *conv1_, kSame, kRelu), *conv2_, kSame, kRelu);
  return at::relu(backend.conv2d(h, *conv3_, kSame, {Activation::none, x}));
}

TinyEncoder::TinyEncoder(const TinyConfig& config, const ModelWeights& weights) {
  int64_t layer = 0;
  for (size_t i = 0; i < config.num_encoder_blocks.size(); ++i) {
    Stage stage;
    stage.shape = i == 0 ? kSame : kHalving;
    stage.conv = weights.conv2d(layer_name("encoder", layer++), stage.shape);
    for (int64_t j = 0; j < config.num_encoder_blocks[i]; ++j)
      stage.blocks.emplace_back(layer_name("encoder", layer++), weights);
    stages_.push_back(std::move(stage));
  }
  conv_out_ = weights.conv2d(layer_name("encoder", layer), kSame);
}

Tensor TinyEncoder::operator()(const Backend& backend, const Tensor& pixels) const {
  Tensor h = pixels;
  for (const Stage& stage : stages_) {
    h = backend.conv2d(h, *stage.conv, stage.shape);
    for (const TinyBlock& block : stage.blocks) h = block(backend, h);
  }
  return backend.conv2d(h, *conv_out_, kSame);
}

TinyDecoder::TinyDecoder(const TinyConfig& config, const ModelWeights& weights)
    : conv_in_(weights.conv2d(layer_name("decoder", 0), kSame)) {
  int64_t layer = 2;  // activations and doublings have numbers too
  for (size_t i = 0; i < config.num_decoder_blocks.size(); ++i) {
    Stage stage;
    for (int64_t j = 0; j < config.num_decoder_blocks[i]; ++j)
      stage.blocks.emplace_back(layer_name("decoder", layer++), weights);
    if (i + 1 < config.num_decoder_blocks.size()) ++layer;
    stage.conv = weights.conv2d(layer_name("decoder", layer++), kSame);
    stages_.push_back(std::move(stage));
  }
}

Tensor TinyDecoder::operator()(const Backend& backend, const Tensor& latents) const {
  Tensor h = backend.conv2d(latents, *conv_in_, kSame, kRelu);
  for (const Stage& stage : stages_) {
    for (const TinyBlock& block : stage.blocks) h = block(backend, h);
    if (&stage != &stages_.back()) h = at::upsample_nearest2d(h, {2 * h.size(2), 2 * h.size(3)});
    h = backend.conv2d(h, *stage.conv, kSame);
  }
  return h;
}

}  // namespace alice::tiny
