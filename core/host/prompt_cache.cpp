#include "core/host/prompt_cache.h"

#include <algorithm>

namespace alice {

bool PromptCache::Prompt::operator==(const Prompt& other) const {
  // Not the same address: a new encoder may lie where an old one was.
  const bool same_encoder = !encoder.owner_before(other.encoder) && !other.encoder.owner_before(encoder);
  return same_encoder && clip_skip == other.clip_skip && ids == other.ids;
}

Tensor PromptCache::tokens(const std::shared_ptr<const TextEncoder>& encoder, const std::vector<int64_t>& ids,
                           int64_t clip_skip) {
  Prompt prompt{encoder, ids, clip_skip};
  if (const Tensor known = find(prompt); known.defined()) return known;
  const Tensor tokens = encoder->encode(at::tensor(ids, at::kLong).unsqueeze(0), clip_skip).tokens;
  keep(std::move(prompt), tokens);
  return tokens;
}

Tensor PromptCache::find(const Prompt& prompt) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.first == prompt; });
  if (found == entries_.end()) return {};
  entries_.splice(entries_.begin(), entries_, found);
  return found->second;
}

void PromptCache::keep(Prompt prompt, Tensor tokens) {
  const std::lock_guard<std::mutex> lock(mutex_);
  entries_.emplace_front(std::move(prompt), std::move(tokens));
  if (entries_.size() > limit_) entries_.pop_back();
}

}  // namespace alice
