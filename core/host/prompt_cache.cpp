#include "core/host/prompt_cache.h"

#include <algorithm>

namespace alice {

bool TokenWindow::operator==(const TokenWindow& other) const {
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first && a.second.equal(b.second); };
  return ids == other.ids && vectors.size() == other.vectors.size() &&
         std::equal(vectors.begin(), vectors.end(), other.vectors.begin(), same);
}

bool PromptCache::Prompt::operator==(const Prompt& other) const {
  // Not the same address: a new encoder may lie where an old one was.
  const bool same_encoder = !encoder.owner_before(other.encoder) && !other.encoder.owner_before(encoder);
  return same_encoder && layers_back == other.layers_back && final_norm == other.final_norm && window == other.window;
}

std::vector<TextEncoding> PromptCache::encode(const std::shared_ptr<const TextEncoder>& encoder,
                                              const std::vector<TokenWindow>& windows, int64_t layers_back,
                                              bool final_norm) {
  std::vector<TextEncoding> rows(windows.size());
  std::vector<Tensor> unknown;
  std::vector<size_t> places;  // of the unknown
  std::vector<TokenInput::Vector> vectors;
  for (size_t i = 0; i < windows.size(); ++i) {
    if (auto known = find({encoder, windows[i], layers_back, final_norm})) {
      rows[i] = *known;
      continue;
    }
    for (const auto& [position, numbers] : windows[i].vectors)
      vectors.push_back({static_cast<int64_t>(places.size()), position, numbers});
    places.push_back(i);
    unknown.push_back(at::tensor(windows[i].ids, at::kLong));
  }
  if (unknown.empty()) return rows;
  const TextEncoding encoded = encoder->encode({at::stack(unknown), std::move(vectors)}, layers_back, final_norm);
  const auto row_of = [](const Tensor& all, size_t row) {  // one that is kept does not keep the others
    return all.defined() ? all.narrow(0, static_cast<int64_t>(row), 1).clone() : Tensor();
  };
  for (size_t i = 0; i < places.size(); ++i) {
    rows[places[i]] = {row_of(encoded.tokens, i), row_of(encoded.pooled, i)};
    keep({encoder, windows[places[i]], layers_back, final_norm}, rows[places[i]]);
  }
  return rows;
}

std::optional<TextEncoding> PromptCache::find(const Prompt& prompt) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.first == prompt; });
  if (found == entries_.end()) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, found);
  return found->second;
}

void PromptCache::keep(Prompt prompt, TextEncoding encoding) {
  const std::lock_guard<std::mutex> lock(mutex_);
  entries_.emplace_front(std::move(prompt), std::move(encoding));
  if (entries_.size() > limit_) entries_.pop_back();
}

}  // namespace alice
