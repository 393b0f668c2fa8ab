#include "core/base/prompt_syntax.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "core/base/utf8.h"

namespace alice {
namespace {

enum Kind : size_t { weight, schedule, alternation, division, embedding, choice, wildcard, tag, escape, kKinds };

constexpr std::array<const char*, kKinds> kWhy = {
    "prompt weights are not built yet",
    "prompts that change between steps are not built yet",
    "prompts that alternate between steps are not built yet",
    "BREAK and AND do not divide a prompt yet",
    "textual inversions are not built yet",
    "no choice is made between words",
    "wildcards are not filled in",
    "of tags only those of LoRAs are read, in the prompt",
    "a backslash before a bracket is not taken off, since brackets have no meaning yet"};

bool is_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0; }
bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

/// "1.3", " -.5 ": what A1111 takes for a weight.
bool is_number(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) text.remove_prefix(1);
  const auto is_part = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_part) && text != ".";
}

class Scanner {
 public:
  explicit Scanner(std::string_view text)
      : text_(text),
        is_all_capitals_(std::none_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; })) {}

  std::vector<std::string> scan() {
    while (at_ < text_.size()) step();
    std::vector<std::string> sentences;
    for (size_t kind = 0; kind < kKinds; ++kind)
      if (first_[kind]) sentences.push_back(sentence(static_cast<Kind>(kind)));
    return sentences;
  }

 private:
  struct Span {
    size_t begin, end;
  };
  struct Bracket {
    char open;
    size_t at;
    std::optional<size_t> colon;  // the last one in it, and not in a bracket within
    bool has_bar = false, has_words = false;
  };

  void step() {
    const char c = text_[at_];
    if (c == '\\' && at_ + 1 < text_.size() &&
        std::string_view("()[]{}").find(text_[at_ + 1]) != std::string_view::npos) {
      found(escape, {at_, at_ + 2});
      at_ += 2;
      return;
    }
    if (is_letter(c) && (at_ == 0 || !is_letter(text_[at_ - 1]))) return read_word();
    if (c == '(' || c == '[' || c == '{')
      open_.push_back({c, at_, std::nullopt});
    else if (c == ')' || c == ']' || c == '}')
      close(c);
    else if (c == ':' && !open_.empty())
      open_.back().colon = at_;
    else if (c == '|' && !open_.empty())
      open_.back().has_bar = true;
    else if (c == '<')
      read_tag();
    ++at_;
  }

  void close(char c) {
    if (open_.empty()) return;
    const Bracket bracket = open_.back();
    const char partner = bracket.open == '(' ? ')' : bracket.open == '[' ? ']' : '}';
    if (c != partner) return;  // an emoticon's
    open_.pop_back();
    if (bracket.has_words && !open_.empty()) open_.back().has_words = true;
    const Span span{bracket.at, at_ + 1};
    const bool has_number = bracket.colon && is_number(text_.substr(*bracket.colon + 1, at_ - *bracket.colon - 1));
    if (bracket.open == '{') {
      if (bracket.has_bar) found(choice, span);
    } else if (bracket.open == '[' && bracket.has_bar) {
      found(alternation, span);
    } else if (has_number) {
      found(bracket.open == '(' ? weight : schedule, span);
    } else if (bracket.has_words && (stands_as_tag(span) || is_doubled(span))) {
      found(weight, span);
    }
  }

  bool stands_as_tag(Span span) const {
    size_t before = span.begin, after = span.end;
    while (before > 0 && is_blank(text_[before - 1])) --before;
    while (after < text_.size() && is_blank(text_[after])) ++after;
    return (before == 0 || text_[before - 1] == ',') && (after == text_.size() || text_[after] == ',');
  }
  bool is_doubled(Span span) const {
    return span.begin > 0 && span.end < text_.size() && text_[span.begin - 1] == text_[span.begin] &&
           text_[span.end] == text_[span.end - 1];
  }

  void read_word() {
    const size_t begin = at_;
    while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    const bool is_word = std::any_of(word.begin(), word.end(), [](char letter) { return letter != '_'; });
    if (is_word && !open_.empty()) open_.back().has_words = true;  // and no emoticon
    if (word == "BREAK" || (word == "AND" && !is_all_capitals_)) found(division, {begin, at_});
    const bool goes_on = at_ + 1 < text_.size() && text_[at_] == ':' && is_letter(text_[at_ + 1]);
    if (word == "embedding" && goes_on) found(embedding, {begin, at_ + 1});
    constexpr std::string_view kMark = "__";
    if (word.size() > 2 * kMark.size() && word.substr(0, 2) == kMark && word.substr(word.size() - 2) == kMark)
      found(wildcard, {begin, at_});
  }

  void read_tag() {
    size_t end = at_ + 1;
    while (end < text_.size() && std::isalpha(static_cast<unsigned char>(text_[end]))) ++end;
    if (end == at_ + 1 || end >= text_.size() || text_[end] != ':') return;
    constexpr size_t kLongest = 300;  // bytes; so that many "<a:" take no more than that each
    const size_t close = text_.substr(end, kLongest).find('>');
    if (close != std::string_view::npos) found(tag, {at_, end + close + 1});
  }

  void found(Kind kind, Span span) {
    if (!first_[kind] || span.begin < first_[kind]->begin) first_[kind] = span;
    ++count_[kind];
  }

  std::string sentence(Kind kind) const {
    const Span& span = *first_[kind];
    const auto is_start = [](char c) { return (c & 0xC0) != 0x80; };  // of a character
    const auto column = 1 + std::count_if(text_.begin(), text_.begin() + span.begin, is_start);
    const size_t more = count_[kind] - 1;
    return "\"" + brief(text_.substr(span.begin, span.end - span.begin), 60) + "\" at column " +
           std::to_string(column) + (more > 0 ? " and " + std::to_string(more) + " more are" : " is") +
           " taken literally: " + kWhy[kind];
  }

  std::string_view text_;
  bool is_all_capitals_;  // there AND is a word like the others
  size_t at_ = 0;
  std::vector<Bracket> open_;
  std::array<std::optional<Span>, kKinds> first_;
  std::array<size_t, kKinds> count_ = {};
};

}  // namespace

std::vector<std::string> unread_syntax(std::string_view prompt) { return Scanner(prompt).scan(); }

}  // namespace alice
