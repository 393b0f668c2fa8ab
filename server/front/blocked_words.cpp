#include "server/front/blocked_words.h"

#include <algorithm>

#include "core/base/utf8.h"

namespace alice {
namespace {

bool is_between(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

/// Unicode's simple folding, of the three scripts whose letters have two cases.
char32_t folded(char32_t c) {
  if (is_between(c, U'A', U'Z')) return c + 32;
  if (is_between(c, 0xC0, 0xDE) && c != 0xD7) return c + 32;
  if (is_between(c, 0x100, 0x137)) return c | 1;
  if (is_between(c, 0x391, 0x3A9)) return c + 32;
  if (is_between(c, 0x410, 0x42F)) return c + 32;
  if (is_between(c, 0x400, 0x40F)) return c + 80;
  return c;
}

bool is_word_itself(char32_t c) {  // kana, ideographs, syllables of Hangul
  return is_between(c, 0x3041, 0x30FF) || is_between(c, 0x3400, 0x9FFF) || is_between(c, 0xAC00, 0xD7A3) ||
         is_between(c, 0x20000, 0x323AF);
}

bool is_letter(char32_t c) {
  if (c < 0x80) return is_between(c, U'0', U'9') || is_between(c, U'A', U'Z') || is_between(c, U'a', U'z');
  const bool is_mark = c < 0xC0 || c == 0xD7 || c == 0xF7 || is_between(c, 0x2000, 0x2BFF) ||
                       is_between(c, 0x3000, 0x303F) || is_between(c, 0xFF00, 0xFF0F) || c == 0xFFFD;
  return !is_mark;
}

}  // namespace

BlockedWords::Words BlockedWords::words_in(const std::string& text) {
  Words words(1);
  for (const char32_t c : decode_utf8(text)) {
    const bool ends = is_word_itself(c) || !is_letter(c);
    if (ends && !words.back().empty()) words.emplace_back();
    if (!is_letter(c)) continue;
    words.back() += folded(c);
    if (ends) words.emplace_back();
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

BlockedWords::BlockedWords(const std::vector<std::string>& words) {
  for (const std::string& word : words)
    if (Words parts = words_in(word); !parts.empty()) blocked_.emplace_back(word, std::move(parts));
}

void BlockedWords::check(const GenerateRequest& request) const {
  if (blocked_.empty()) return;
  Faults faults;
  const auto look = [&](const char* place, const std::string& prompt) {
    const Words words = words_in(prompt);
    for (const auto& [written, parts] : blocked_)
      if (std::search(words.begin(), words.end(), parts.begin(), parts.end()) != words.end())
        faults.add(place, "has '" + written + "', which this server makes no pictures of (server.blocked_words)");
  };
  look("/prompt", request.prompt);
  if (request.prompt_2) look("/prompt_2", *request.prompt_2);
  faults.throw_if_any(ErrorCode::bad_request);
}

}  // namespace alice
