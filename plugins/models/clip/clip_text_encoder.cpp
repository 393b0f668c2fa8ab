#include "plugins/models/clip/clip_text_encoder.h"

namespace alice::clip {

ClipTextEncoder::ClipTextEncoder(const ClipConfig& config, std::shared_ptr<const ClipTokenizer> tokenizer,
                                 ModelWeights weights)
    : config_(config), tokenizer_(std::move(tokenizer)), weights_(std::move(weights)), network_(config, weights_) {
  info_.token_limit = config.max_position_embeddings;
  info_.width = config.hidden_size;
  info_.pooled_width = config.has_projection ? config.projection_dim : 0;
  info_.layers = config.num_hidden_layers;
}

void ClipTextEncoder::check_ids(const Tensor& ids) const {
  if (ids.dim() != 2 || ids.scalar_type() != at::kLong || ids.size(1) > info_.token_limit || ids.numel() == 0)
    throw Error(ErrorCode::bad_request, "token ids",
                "must be int64 [B, T], T from 1 to " + std::to_string(info_.token_limit));
  if (ids.min().item<int64_t>() < 0 || ids.max().item<int64_t>() >= config_.vocab_size)
    throw Error(ErrorCode::bad_request, "token ids", "must be from 0 to " + std::to_string(config_.vocab_size - 1));
}

TextEncoding ClipTextEncoder::encode(const Tensor& ids, int64_t clip_skip, bool final_norm) const {
  if (clip_skip < 0 || clip_skip >= info_.layers)
    throw Error(ErrorCode::bad_request, "/clip_skip",
                "must be from 0 to " + std::to_string(info_.layers - 1) + " with this text encoder, got " +
                    std::to_string(clip_skip));
  check_ids(ids);
  const at::NoGradGuard no_grad;
  const int64_t wanted = info_.layers - clip_skip;
  const std::vector<Tensor> states = network_.states(ids, config_.has_projection ? info_.layers : wanted);
  TextEncoding encoding;
  encoding.tokens = final_norm ? network_.final_norm(states[wanted]) : states[wanted];
  if (config_.has_projection) encoding.pooled = network_.pool(ids, network_.final_norm(states.back()));
  return encoding;
}

std::vector<Tensor> ClipTextEncoder::hidden_states(const Tensor& ids) const {
  check_ids(ids);
  const at::NoGradGuard no_grad;
  return network_.states(ids, info_.layers);
}

std::shared_ptr<const TextEncoder> ClipTextEncoder::patched(const Deltas& deltas) const {
  return std::make_shared<ClipTextEncoder>(config_, tokenizer_, weights_.patched(deltas));
}

}  // namespace alice::clip
