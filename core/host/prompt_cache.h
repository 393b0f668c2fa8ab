#pragma once
// What prompts were encoded to. The negative prompt hardly ever changes between requests, and of several pictures the
// prompt does not either.

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/api/text_encoder.h"

namespace alice {

/// What an encoder reads at once, of one prompt.
struct TokenWindow {
  std::vector<int64_t> ids;               ///< token_limit
  std::map<int64_t, Tensor> vectors = {};  ///< in place of ids, by position

  bool operator==(const TokenWindow& other) const;
};

/// Of any text encoders, which it does not keep alive. Any thread; two that ask for the same prompt at once both
/// compute it.
class PromptCache {
 public:
  /// Keeps the last `limit` prompts.
  explicit PromptCache(size_t limit = 32) : limit_(limit) {}

  /// encoder->encode(window, layers_back, final_norm) of N windows, all of them of one length, a row each; those that
  /// it does not know are encoded in one call, which reads the weights once. Throws as TextEncoder::encode().
  std::vector<TextEncoding> encode(const std::shared_ptr<const TextEncoder>& encoder,
                                   const std::vector<TokenWindow>& windows, int64_t layers_back, bool final_norm);

 private:
  struct Prompt {
    std::weak_ptr<const TextEncoder> encoder;
    TokenWindow window;
    int64_t layers_back;
    bool final_norm;
    bool operator==(const Prompt& other) const;
  };
  std::optional<TextEncoding> find(const Prompt& prompt);
  void keep(Prompt prompt, TextEncoding encoding);

  const size_t limit_;
  std::mutex mutex_;
  std::list<std::pair<Prompt, TextEncoding>> entries_;  // the last used first
};

}  // namespace alice
