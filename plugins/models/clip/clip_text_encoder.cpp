#include "plugins/models/clip/clip_text_encoder.h"

namespace alice::clip {

ClipTextEncoder::ClipTextEncoder(const ClipConfig& config, std::shared_ptr<const ClipTokenizer> tokenizer,
                                 ModelWeights weights)
    : config_(config), tokenizer_(std::move(tokenizer)), weights_(std::move(weights)), network_(config, weights_) {
  info_.token_limit = config.max_position_embeddings;
  info_.width = config.hidden_size;
  info_.pooled_width = config.has_projection ? config.projection_dim : 0;
  info_.layers = config.num_hidden_layers;
  info_.frame = tokenizer_->frame();
  info_.vector_width = config.hidden_size;
}

void ClipTextEncoder::check(const TokenInput& input) const {
  const Tensor& ids = input.ids;
  if (ids.dim() != 2 || ids.scalar_type() != at::kLong || ids.size(1) > info_.token_limit || ids.numel() == 0)
    throw Error(ErrorCode::bad_request, "token ids",
                "must be int64 [B, T], T from 1 to " + std::to_string(info_.token_limit));
  Tensor looked_up = ids;
  if (!input.vectors.empty()) looked_up = ids.clone();
  for (const TokenInput::Vector& vector : input.vectors) {
    const bool stands = vector.row >= 0 && vector.row < ids.size(0) && vector.position >= 0 &&
                        vector.position < ids.size(1);
    if (!stands || !vector.numbers.defined() || vector.numbers.sizes() != at::IntArrayRef({info_.vector_width}))
      throw Error(ErrorCode::bad_request, "token vectors",
                  "must be of " + std::to_string(info_.vector_width) + " numbers, each where an id stands");
    looked_up[vector.row][vector.position].zero_();
  }
  if (ids.min().item<int64_t>() < 0 || looked_up.max().item<int64_t>() >= config_.vocab_size)
    throw Error(ErrorCode::bad_request, "token ids", "must be from 0 to " + std::to_string(config_.vocab_size - 1));
}

TextEncoding ClipTextEncoder::encode(const TokenInput& input, int64_t clip_skip, bool final_norm) const {
  if (clip_skip < 0 || clip_skip >= info_.layers)
    throw Error(ErrorCode::bad_request, "/clip_skip",
                "must be from 0 to " + std::to_string(info_.layers - 1) + " with this text encoder, got " +
                    std::to_string(clip_skip));
  check(input);
  const at::NoGradGuard no_grad;
  const int64_t wanted = info_.layers - clip_skip;
  const std::vector<Tensor> states = network_.states(input, config_.has_projection ? info_.layers : wanted);
  TextEncoding encoding;
  encoding.tokens = final_norm ? network_.final_norm(states[wanted]) : states[wanted];
  if (config_.has_projection) encoding.pooled = network_.pool(input.ids, network_.final_norm(states.back()));
  return encoding;
}

std::vector<Tensor> ClipTextEncoder::hidden_states(const Tensor& ids) const {
  check(ids);
  const at::NoGradGuard no_grad;
  return network_.states(ids, info_.layers);
}

std::shared_ptr<const TextEncoder> ClipTextEncoder::patched(const Deltas& deltas) const {
  return std::make_shared<ClipTextEncoder>(config_, tokenizer_, weights_.patched(deltas));
}

}  // namespace alice::clip
