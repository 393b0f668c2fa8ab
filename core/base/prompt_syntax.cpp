#include "core/base/prompt_syntax.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "core/base/prompt_weights.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

enum Kind : size_t {
  weight, square, schedule, alternation, division, embedding, choice, wildcard, tag, escape, kKinds
};

constexpr std::array<const char*, kKinds> kWhy = {
    "weights are read with prompt_style a1111 and comfyui",
    "square brackets are weights with prompt_style a1111",
    "prompts that change between steps are read with prompt_style a1111",
    "prompts that alternate between steps are read with prompt_style a1111",
    "BREAK and AND divide a prompt with prompt_style a1111",
    "such a mark is read with prompt_style comfyui; with a1111 the name alone is one",
    "no choice is made between words",
    "wildcards are not filled in",
    "of tags only those of LoRAs are read, in the prompt",
    "a backslash is taken off with prompt_style a1111 and comfyui"};

/// What a style reads.
bool is_read(Kind kind, PromptStyle style) {
  switch (kind) {
    case weight:
    case escape: return style != PromptStyle::plain;
    case square:
    case schedule:
    case alternation:
    case division: return style == PromptStyle::a1111;
    case embedding: return style == PromptStyle::comfyui;
    default: return false;
  }
}

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
  Scanner(std::string_view text, PromptStyle style)
      : text_(text),
        style_(style),
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
      found(bracket.open == '[' && style_ == PromptStyle::comfyui ? square : weight, span);
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
    if (is_read(kind, style_)) return;
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
  PromptStyle style_;
  bool is_all_capitals_;  // there AND is a word like the others
  size_t at_ = 0;
  std::vector<Bracket> open_;
  std::array<std::optional<Span>, kKinds> first_;
  std::array<size_t, kKinds> count_ = {};
};

/// A number at the end weighs the prompt, which may be meant as text: "16:9".
void note_weight(const std::string& prompt, std::vector<std::string>& notes) {
  const std::vector<PromptPart> parts = split_parts(prompt);
  if (parts.size() > 1 || parts.front().weight == 1) return;
  const size_t colon = prompt.rfind(':');
  notes.push_back("\"" + brief(prompt.substr(colon), 60) + "\" at " + column_of(prompt, colon) +
                  " is the weight of the whole prompt, as A1111 has it");
}

}  // namespace

std::vector<std::string> unread_syntax(std::string_view prompt, PromptStyle style) {
  return Scanner(prompt, style).scan();
}

std::vector<std::string> prompt_notes(const std::string& prompt, PromptStyle style, const std::string& place) {
  if (style != PromptStyle::plain && prompt.size() > kLongestPrompt)
    return {"is longer than " + std::to_string(kLongestPrompt) + " bytes: it is read as with prompt_style plain"};
  std::vector<std::string> notes = unread_syntax(prompt, style);
  if (style != PromptStyle::a1111) return notes;
  if (place == "/prompt") note_weight(prompt, notes);
  for (PromptNotes more : {PromptSchedule(prompt).notes(), a1111_weight_notes(prompt, place)})
    notes.insert(notes.end(), more.begin(), more.end());
  return notes;
}

}  // namespace alice
