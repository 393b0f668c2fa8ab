#include "plugins/loras/low_rank/words.h"

#include <string_view>

#include "core/base/text.h"
#include "plugins/loras/low_rank/low_rank_format.h"

namespace alice::low_rank {
namespace {

constexpr std::string_view kBundle = "bundle_emb.";

struct Meaning {
  std::string_view tensor;
  const char* part;
};
constexpr Meaning kMeanings[] = {
    {"string_to_param.*", ""}, {"emb_params", ""}, {"clip_l", kTextEncoder}, {"clip_g", kTextEncoder2}};

bool is_vectors(const TensorInfo& info) {
  return is_floating(info.dtype) && (info.shape.size() == 1 || info.shape.size() == 2);
}

/// "NAME.clip_l" of a bundle, or "clip_l" alone.
std::optional<LoraWord> word_of(const std::string& tensor, std::string_view name, bool is_bundled) {
  for (const Meaning& meaning : kMeanings) {
    if (!is_bundled && name == meaning.tensor) return LoraWord{"", meaning.part, tensor};
    std::string_view word = name;
    if (is_bundled && take_end(word, meaning.tensor) && take_end(word, ".") && !word.empty())
      return LoraWord{std::string(word), meaning.part, tensor};
  }
  return std::nullopt;
}

}  // namespace

std::vector<LoraWord> words_in(const TensorIndex& index) {
  std::vector<LoraWord> words;
  for (const auto& [tensor, info] : index.tensors) {
    std::string_view name = tensor;
    const bool is_bundled = take_start(name, kBundle);
    if (!is_vectors(info)) continue;
    if (auto word = word_of(tensor, name, is_bundled)) words.push_back(std::move(*word));
  }
  if (words.empty() && index.tensors.size() == 1 && is_vectors(index.tensors.begin()->second))
    words.push_back({index.tensors.begin()->first, "", index.tensors.begin()->first});
  return words;
}

}  // namespace alice::low_rank
