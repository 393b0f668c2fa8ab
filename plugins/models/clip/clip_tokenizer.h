#pragma once
// CLIP's tokenizer, with the results of transformers' CLIPTokenizer (5.12).

#include "core/api/text_encoder.h"
#include "plugins/models/clip/vocabulary.h"

namespace alice::clip {

/// Immutable; any thread.
class ClipTokenizer {
 public:
  /// `limit`: tokens of a prompt, start and end included; at least 2.
  ClipTokenizer(Vocabulary vocabulary, int64_t limit) : vocabulary_(std::move(vocabulary)), limit_(limit) {}

  TokenFrame frame() const { return {{vocabulary_.start}, {vocabulary_.end}, vocabulary_.pad}; }
  /// See TextEncoder::tokenize.
  TokenIds tokenize(const std::string& prompt) const;

 private:
  void encode_plain(std::u32string_view text, std::vector<int64_t>& ids) const;
  std::string shown(const std::vector<int64_t>& ids, size_t first, size_t end) const;

  Vocabulary vocabulary_;
  int64_t limit_;
};

}  // namespace alice::clip
