#include "plugins/models/tiny_autoencoder/tiny_weights.h"

#include <algorithm>

namespace alice::tiny {
namespace {

int64_t side_of(const TensorIndex& index, const std::string& name, size_t dimension, int64_t otherwise) {
  const TensorInfo* info = index.find(name);
  return info && dimension < info->shape.size() ? std::max<int64_t>(1, info->shape[dimension]) : otherwise;
}

/// Looks at the layers of one half of a file, which have numbers: a residual block has "N.conv.0.weight", a convolution
/// "N.weight", and what has no weights leaves a gap.
class Layers {
 public:
  Layers(const TensorIndex& index, std::string prefix) : index_(index), prefix_(std::move(prefix)) {}
  bool is_convolution(int64_t layer) const { return index_.contains(prefix_ + std::to_string(layer) + ".weight"); }
  /// Blocks that follow one another from `layer` on.
  int64_t blocks_from(int64_t layer) const {
    int64_t count = 0;
    while (index_.contains(prefix_ + std::to_string(layer + count) + ".conv.0.weight")) ++count;
    return count;
  }
  int64_t width_at(int64_t layer) const { return side_of(index_, prefix_ + std::to_string(layer) + ".weight", 0, 1); }

 private:
  const TensorIndex& index_;
  std::string prefix_;
};

/// Blocks of each stage. Between two stages lies a convolution, behind `gap` layers without weights.
std::vector<int64_t> count_blocks(const Layers& layers, int64_t first, int64_t gap) {
  std::vector<int64_t> stages;
  for (int64_t layer = first;;) {
    stages.push_back(layers.blocks_from(layer));
    layer += stages.back() + gap;
    const bool is_last = !layers.is_convolution(layer) ||
                         (gap == 0 && !layers.is_convolution(layer + 1) && layers.blocks_from(layer + 1) == 0);
    if (is_last) return stages;
    ++layer;
  }
}

/// Collects the wanted parameters, each under diffusers' name and the file's.
class TinyList {
 public:
  explicit TinyList(const TinyNames& names) : names_(names) {}

  void add_encoder(const TinyConfig& config) {
    const int64_t width = config.encoder_block_out_channels[0];
    int64_t layer = 0;
    const auto name = [&] {
      return Name{"encoder.layers." + std::to_string(layer), names_.encoder + std::to_string(layer)};
    };
    for (size_t stage = 0; stage < config.num_encoder_blocks.size(); ++stage) {
      add_conv(name(), width, stage == 0 ? config.in_channels : width, stage == 0), ++layer;
      for (int64_t i = 0; i < config.num_encoder_blocks[stage]; ++i, ++layer) add_block(name(), width);
    }
    add_conv(name(), config.latent_channels, width, true);
  }

  void add_decoder(const TinyConfig& config) {
    const int64_t width = config.decoder_block_out_channels[0];
    int64_t layer = 0;
    const auto name = [&] {
      return Name{"decoder.layers." + std::to_string(layer),
                  names_.decoder + std::to_string(layer + names_.first_decoder_layer)};
    };
    add_conv(name(), width, config.latent_channels, true), layer += 2;  // its activation is a layer
    for (size_t stage = 0; stage < config.num_decoder_blocks.size(); ++stage) {
      for (int64_t i = 0; i < config.num_decoder_blocks[stage]; ++i, ++layer) add_block(name(), width);
      const bool is_last = stage + 1 == config.num_decoder_blocks.size();
      if (!is_last) ++layer;  // doubling is a layer
      add_conv(name(), is_last ? config.out_channels : width, width, is_last), ++layer;
    }
  }

  std::vector<WantedParameter> take() { return std::move(list_); }

 private:
  struct Name {
    std::string ours, theirs;
  };
  void add_conv(const Name& name, int64_t out, int64_t in, bool has_bias) {
    add(name, ".weight", {out, in, 3, 3});
    if (has_bias) add(name, ".bias", {out});
  }
  void add_block(const Name& name, int64_t width) {
    for (const char* conv : {".conv.0", ".conv.2", ".conv.4"})
      add_conv({name.ours + conv, name.theirs + conv}, width, width, true);
  }
  void add(const Name& name, const std::string& end, std::vector<int64_t> shape) {
    list_.push_back({name.ours + end, std::move(shape), {{names_.layout, name.theirs + end}}});
  }

  const TinyNames& names_;
  std::vector<WantedParameter> list_;
};

}  // namespace

std::optional<TinyNames> find_tiny(const TensorIndex& index) {
  const auto has = [&](const std::string& name) { return index.contains(name); };
  // A convolution, an activation, a block: no other network begins so.
  if (has("decoder.layers.0.weight") && has("decoder.layers.2.conv.0.weight"))
    return TinyNames{"diffusers", "encoder.layers.", "decoder.layers.", 0, has("encoder.layers.0.weight"), true};
  if (has("decoder.1.weight") && has("decoder.3.conv.0.weight"))
    return TinyNames{"taesd", "encoder.", "decoder.", 1, has("encoder.0.weight"), true};
  if (has("1.weight") && has("3.conv.0.weight")) return TinyNames{"taesd", "", "", 1, false, true};
  if (has("0.weight") && has("1.conv.0.weight")) return TinyNames{"taesd", "", "", 1, true, false};
  return std::nullopt;
}

TinyConfig derive_tiny_config(const TensorIndex& index, const TinyNames& names) {
  TinyConfig config;
  if (!names.has_decoder) return config;
  const Layers decoder(index, names.decoder), encoder(index, names.encoder);
  const int64_t first = names.first_decoder_layer;
  config.latent_channels = side_of(index, names.decoder + std::to_string(first) + ".weight", 1, config.latent_channels);
  config.num_decoder_blocks = count_blocks(decoder, first + 2, 1);
  config.decoder_block_out_channels.assign(config.num_decoder_blocks.size(), decoder.width_at(first));
  config.num_encoder_blocks = names.has_encoder ? count_blocks(encoder, 1, 0) : config.num_decoder_blocks;
  config.encoder_block_out_channels.assign(config.num_encoder_blocks.size(),
                                           names.has_encoder ? encoder.width_at(0) : decoder.width_at(first));
  return config;
}

std::vector<WantedParameter> tiny_parameters(const TinyConfig& config, const TinyNames& names) {
  TinyList list(names);
  if (names.has_encoder) list.add_encoder(config);
  list.add_decoder(config);
  return list.take();
}

}  // namespace alice::tiny
