#pragma once
// CLIP's text encoder as the host sees it.

#include "core/api/text_encoder.h"
#include "plugins/models/clip/clip_network.h"
#include "plugins/models/clip/clip_tokenizer.h"

namespace alice::clip {

class ClipTextEncoder final : public TextEncoder {
 public:
  ClipTextEncoder(const ClipConfig& config, std::shared_ptr<const ClipTokenizer> tokenizer, ModelWeights weights);

  const TextEncoderInfo& info() const override { return info_; }
  const ModelWeights& weights() const override { return weights_; }
  TokenIds tokenize(const std::string& prompt) const override { return tokenizer_->tokenize(prompt); }
  /// Pooled text where the model has a projection, always of the last layer with its norm.
  TextEncoding encode(const TokenInput& input, int64_t clip_skip, bool final_norm) const override;
  std::vector<Tensor> hidden_states(const Tensor& ids) const override;
  std::shared_ptr<const TextEncoder> patched(const Deltas& deltas) const override;

 private:
  void check(const TokenInput& input) const;

  ClipConfig config_;
  TextEncoderInfo info_;
  std::shared_ptr<const ClipTokenizer> tokenizer_;
  ModelWeights weights_;
  ClipNetwork network_;
};

}  // namespace alice::clip
