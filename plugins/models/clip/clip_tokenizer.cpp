#include "plugins/models/clip/clip_tokenizer.h"

#include <algorithm>

#include "plugins/models/clip/prompt_text.h"

namespace alice::clip {
namespace {

/// The letters of tokens back to the bytes that they stand for; other characters stay.
std::string bytes_of(const std::string& letters) {
  static const auto byte_of = [] {
    std::unordered_map<std::string, char> map;
    for (int byte = 0; byte < 256; ++byte) map[byte_letters().utf8[byte]] = static_cast<char>(byte);
    return map;
  }();
  std::string bytes;
  for (size_t i = 0; i < letters.size();) {
    const size_t length = (letters[i] & 0xE0) == 0xC0 ? 2 : 1;
    const std::string letter = letters.substr(i, length);
    const auto found = byte_of.find(letter);
    found == byte_of.end() ? bytes += letter : bytes += found->second;
    i += length;
  }
  return bytes;
}

}  // namespace

TokenIds ClipTokenizer::tokenize(const std::string& prompt) const {
  TokenIds result;
  result.all.push_back(vocabulary_.start);
  const std::u32string text = normalise(prompt);
  size_t plain_from = 0;
  for (size_t i = 0; i < text.size();) {
    const auto mark = std::find_if(vocabulary_.marks.begin(), vocabulary_.marks.end(),
                                   [&](const auto& m) { return text.compare(i, m.first.size(), m.first) == 0; });
    if (mark == vocabulary_.marks.end()) {
      ++i;
      continue;
    }
    encode_plain(std::u32string_view(text).substr(plain_from, i - plain_from), result.all);
    result.all.push_back(mark->second);
    i = plain_from = i + mark->first.size();
  }
  encode_plain(std::u32string_view(text).substr(plain_from), result.all);
  result.all.push_back(vocabulary_.end);

  const auto limit = static_cast<size_t>(limit_);
  result.padded = result.all;
  result.padded.resize(limit, vocabulary_.pad);
  if (result.all.size() > limit) {
    result.padded.back() = vocabulary_.end;
    result.cut_off = shown(result.all, limit - 1, result.all.size() - 1);
  }
  return result;
}

void ClipTokenizer::encode_plain(std::u32string_view text, std::vector<int64_t>& ids) const {
  for (const std::u32string_view word : split_words(text)) vocabulary_.pairs.encode(to_utf8(word), ids);
  std::replace(ids.begin(), ids.end(), BytePairs::kUnknown,
               vocabulary_.end);  // the unknown token of CLIP is its end mark
}

std::string ClipTokenizer::shown(const std::vector<int64_t>& ids, size_t first, size_t end) const {
  const std::string word_end = kWordEnd;
  std::string bytes;
  for (size_t i = first; i < end; ++i) {
    const auto found = vocabulary_.tokens.find(ids[i]);
    if (found == vocabulary_.tokens.end()) continue;
    const std::string& token = found->second;
    const bool ends =
        token.size() > word_end.size() && token.compare(token.size() - word_end.size(), word_end.size(), word_end) == 0;
    bytes += bytes_of(token.substr(0, token.size() - (ends ? word_end.size() : 0)));
    if (ends && i + 1 < end) bytes += ' ';
  }
  return valid_utf8(bytes);
}

}  // namespace alice::clip
