#include "core/host/prompt_cache.h"

#include <algorithm>

namespace alice {

bool PromptCache::Prompt::operator==(const Prompt& other) const {
  // Not the same address: a new encoder may lie where an old one was.
  const bool same_encoder = !encoder.owner_before(other.encoder) && !other.encoder.owner_before(encoder);
  return same_encoder && clip_skip == other.clip_skip && ids == other.ids;
}

Tensor PromptCache::tokens(const std::shared_ptr<const TextEncoder>& encoder,
                           const std::vector<std::vector<int64_t>>& prompts, int64_t clip_skip) {
  std::vector<Tensor> rows, unknown;
  std::vector<size_t> places;  // of the unknown
  for (const std::vector<int64_t>& ids : prompts) {
    rows.push_back(find({encoder, ids, clip_skip}));
    if (rows.back().defined()) continue;
    places.push_back(rows.size() - 1);
    unknown.push_back(at::tensor(ids, at::kLong));
  }
  if (!unknown.empty()) {
    const Tensor tokens = encoder->encode(at::stack(unknown), clip_skip).tokens;
    for (size_t i = 0; i < places.size(); ++i) {
      rows[places[i]] = tokens.narrow(0, static_cast<int64_t>(i), 1).clone();  // one kept does not keep the others
      keep({encoder, prompts[places[i]], clip_skip}, rows[places[i]]);
    }
  }
  return at::cat(rows);
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
