#include "plugins/models/clip/clip_network.h"

#include <cmath>

namespace alice::clip {
namespace {

constexpr int64_t kLegacyEos = 2;  // configs of before 2023 name a token that CLIP's vocabulary does not end with

constexpr const char* kTokenEmbedding = "text_model.embeddings.token_embedding.weight";

/// Where each prompt ends: its first end token; under the legacy number the token with the highest number, which is the
/// same for the vocabularies of that time. ids [B, T] -> B positions.
std::vector<int64_t> ends_of(const Tensor& ids, int64_t eos) {
  const Tensor on_cpu = ids.to(at::kCPU);
  const Tensor last = eos == kLegacyEos ? on_cpu.argmax(1) : on_cpu.eq(eos).to(at::kLong).argmax(1);
  return {last.data_ptr<int64_t>(), last.data_ptr<int64_t>() + last.numel()};
}

}  // namespace

ClipNetwork::ClipNetwork(const ClipConfig& config, const ModelWeights& weights)
    : config_(config), weights_(weights), backend_(weights.backend_ptr()) {
  const auto norm = [&](const std::string& module) {
    return Norm{weights.tensor(module + ".weight"), weights.tensor(module + ".bias")};
  };
  weights_.rows(kTokenEmbedding, at::empty({0}, at::kLong));  // so that damage is found now
  position_embedding_ = weights.tensor("text_model.embeddings.position_embedding.weight");
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const std::string name = "text_model.encoder.layers." + std::to_string(i) + ".";
    Layer layer;
    layer.before_attention = norm(name + "layer_norm1");
    layer.q = weights.linear(name + "self_attn.q_proj");
    layer.k = weights.linear(name + "self_attn.k_proj");
    layer.v = weights.linear(name + "self_attn.v_proj");
    layer.out = weights.linear(name + "self_attn.out_proj");
    layer.before_perceptron = norm(name + "layer_norm2");
    layer.fc1 = weights.linear(name + "mlp.fc1");
    layer.fc2 = weights.linear(name + "mlp.fc2");
    layers_.push_back(std::move(layer));
  }
  final_norm_ = norm("text_model.final_layer_norm");
  if (config.has_projection) projection_ = weights.linear("text_projection");
}

Tensor ClipNetwork::embedded(const TokenInput& input) const {
  const int64_t rows = input.ids.size(0), length = input.ids.size(1);
  Tensor ids = input.ids.reshape(-1);
  if (!input.vectors.empty()) ids = ids.clone();
  for (const TokenInput::Vector& vector : input.vectors) ids[vector.row * length + vector.position].zero_();
  const Tensor tokens = weights_.rows(kTokenEmbedding, ids).view({rows, length, -1});
  for (const TokenInput::Vector& vector : input.vectors)
    tokens.select(0, vector.row).select(0, vector.position).copy_(vector.numbers);
  return tokens + position_embedding_.narrow(0, 0, length);
}

std::vector<Tensor> ClipNetwork::states(const TokenInput& input, int64_t layers) const {
  std::vector<Tensor> states = {embedded(input)};
  for (int64_t i = 0; i < layers; ++i) states.push_back(run(layers_[i], states.back()));
  return states;
}

Tensor ClipNetwork::run(const Layer& layer, const Tensor& x) const {
  const int64_t heads = config_.num_attention_heads;
  const double scale = 1 / std::sqrt(static_cast<double>(config_.hidden_size / heads));
  Tensor h = normed(layer.before_attention, x);
  h = backend_->attention(backend_->linear(h, *layer.q), backend_->linear(h, *layer.k), backend_->linear(h, *layer.v),
                          heads, scale,
                          /*causal=*/true);
  const Tensor attended = backend_->linear(h, *layer.out, {Activation::none, x});
  h = backend_->linear(normed(layer.before_perceptron, attended), *layer.fc1, {config_.hidden_act, std::nullopt});
  return backend_->linear(h, *layer.fc2, {Activation::none, attended});
}

Tensor ClipNetwork::normed(const Norm& norm, const Tensor& x) const {
  return backend_->layer_norm(x, norm.weight, norm.bias, config_.layer_norm_eps);
}

Tensor ClipNetwork::final_norm(const Tensor& x) const { return normed(final_norm_, x); }

Tensor ClipNetwork::pool(const Tensor& ids, const Tensor& normed) const {
  const std::vector<int64_t> ends = ends_of(ids, config_.eos_token_id);
  std::vector<Tensor> rows;
  for (size_t b = 0; b < ends.size(); ++b) rows.push_back(normed.select(0, static_cast<int64_t>(b)).select(0, ends[b]));
  return backend_->linear(at::stack(rows), *projection_);
}

}  // namespace alice::clip
