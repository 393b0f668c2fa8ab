#include "core/base/prompt_weights.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "core/base/error.h"
#include "core/base/prompt_words.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

constexpr double kStronger = 1.1, kWeaker = 1 / 1.1;

/// What Python's float() takes, of digits, one point and a sign.
std::optional<double> read_weight(std::string_view text) {
  const bool is_negative = text.front() == '-';
  if (is_negative || text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ptr != text.data() + text.size() || result.ec == std::errc::invalid_argument) return std::nullopt;
  if (result.ec == std::errc::result_out_of_range) value = HUGE_VAL;
  return is_negative ? -value : value;
}

/// ":  1.3 )" at `at`: what stands between, and where it ends.
struct Number {
  std::string_view text;
  size_t end;
};

std::optional<Number> number_at(std::string_view text, size_t at) {
  size_t begin = at + 1;
  while (const size_t blank = blank_at(text, begin)) begin += blank;
  size_t end = begin;
  if (end < text.size() && (text[end] == '+' || text[end] == '-')) ++end;
  const size_t digits = end;
  while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == '.')) ++end;
  if (end == digits) return std::nullopt;
  size_t close = end;
  while (const size_t blank = blank_at(text, close)) close += blank;
  if (close >= text.size() || text[close] != ')') return std::nullopt;
  return Number{text.substr(begin, end - begin), close + 1};
}

class A1111Reader {
 public:
  A1111Reader(std::string_view text, const std::string& place) : text_(text), place_(place) {}

  std::vector<WeightedText> read() {
    for (size_t at = 0; at < text_.size();) at = step(at);
    for (const Open& open : round_) close(open, kStronger, /*is_closed=*/false);
    for (const Open& open : square_) close(open, kWeaker, /*is_closed=*/false);
    if (pieces_.empty()) pieces_.push_back({"", 1});
    return merged();
  }
  const PromptNotes& notes() const { return notes_; }

 private:
  struct Open {
    size_t piece, at;
    bool has_break = false;
  };

  /// Reads what stands at `at`, the longest that is one thing; the next place.
  size_t step(size_t at) {
    constexpr std::string_view kEscaped = "()[]\\";
    constexpr std::string_view kMarks = "\\()[]:";
    const char c = text_[at];
    if (c == '\\') {
      const bool takes = at + 1 < text_.size() && kEscaped.find(text_[at + 1]) != kEscaped.npos;
      pieces_.push_back({std::string(text_.substr(at + 1, takes ? 1 : 0)), 1});
      return at + (takes ? 2 : 1);
    }
    if (c == '(' || c == '[') {
      (c == '(' ? round_ : square_).push_back({pieces_.size(), at});
      return at + 1;
    }
    if (c == ':') {
      const std::optional<Number> number = number_at(text_, at);
      if (!number) return add_text(at, at + 1);
      if (round_.empty()) return add_text(at, number->end);
      close(taken(round_), weight_of(*number), true);
      return number->end;
    }
    if (c == ')' && !round_.empty()) {
      close(taken(round_), kStronger, true);
      return at + 1;
    }
    if (c == ']' && !square_.empty()) {
      close(taken(square_), kWeaker, true);
      return at + 1;
    }
    if (c == ')' || c == ']') return add_text(at, at + 1);
    return add_text(at, std::min(text_.find_first_of(kMarks, at), text_.size()));
  }

  static Open taken(std::vector<Open>& open) {
    const Open last = open.back();
    open.pop_back();
    return last;
  }

  double weight_of(const Number& number) const {
    const std::optional<double> weight = read_weight(number.text);
    if (!weight)
      throw Error(ErrorCode::bad_request, place_,
                  "\"" + std::string(number.text) + "\" at " +
                      column_of(text_, static_cast<size_t>(number.text.data() - text_.data())) +
                      " is no number: a weight is one such as (word:1.2)");
    return *weight;
  }

  void close(const Open& open, double weight, bool is_closed) {
    for (size_t i = open.piece; i < pieces_.size(); ++i) pieces_[i].weight *= weight;
    if (!is_closed)
      note("\"" + std::string(1, text_[open.at]) + "\" at " + column_of(text_, open.at) +
                        " is closed by nothing: it counts to the end of the prompt");
  }

  size_t add_text(size_t begin, size_t end) {
    constexpr std::string_view kBreak = "BREAK";
    std::string_view rest = text_.substr(begin, end - begin);
    const std::vector<size_t> places = places_of_word(rest, kBreak);
    size_t from = 0;
    for (const size_t place : places) {
      pieces_.push_back({std::string(without_blanks_behind(rest.substr(from, place - from))), 1});
      pieces_.push_back({std::string(kBreak), -1});
      from = place + kBreak.size();
      while (const size_t blank = blank_at(rest, from)) from += blank;
      if (!round_.empty() || !square_.empty())
        note("BREAK at " + column_of(text_, begin + place) +
             " stands in brackets: it is a word there, as A1111 has it");
    }
    pieces_.push_back({std::string(rest.substr(from)), 1});
    return end;
  }

  std::vector<WeightedText> merged() {
    std::vector<WeightedText> out;
    for (WeightedText& piece : pieces_) {
      if (!out.empty() && out.back().weight == piece.weight)
        out.back().text += piece.text;
      else
        out.push_back(std::move(piece));
    }
    return out;
  }

  void note(std::string sentence) {
    constexpr size_t kMost = 3;
    if (notes_.size() < kMost) notes_.push_back(std::move(sentence));
  }

  std::string_view text_;
  const std::string& place_;
  std::vector<WeightedText> pieces_;
  std::vector<Open> round_, square_;
  PromptNotes notes_;
};

// ComfyUI's brackets that are text, while the others are read: two bytes that no prompt has.
constexpr char kMark = '\0', kCloses = '\1', kOpens = '\2';

std::string escaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool takes = text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '(' || text[i + 1] == ')');
    if (takes) {
      out += kMark;
      out += text[++i] == ')' ? kCloses : kOpens;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool takes = text[i] == kMark && i + 1 < text.size() && (text[i + 1] == kCloses || text[i + 1] == kOpens);
    out += takes ? (text[++i] == kCloses ? ')' : '(') : text[i];
  }
  return out;
}

/// Python's float() of what stands behind the last colon.
std::optional<double> comfyui_number(std::string_view text) {
  text = without_blanks_behind(text);
  while (const size_t blank = blank_at(text, 0)) text.remove_prefix(blank);
  if (text.empty()) return std::nullopt;
  return read_weight(text);
}

/// A group in brackets may hold others: the texts that are still to be read wait on a stack.
class ComfyUIReader {
 public:
  std::vector<WeightedText> read(const std::string& text) {
    waiting_.push_back({text, 1, false});
    while (!waiting_.empty()) {
      const Waiting next = waiting_.back();
      waiting_.pop_back();
      if (next.is_whole)
        out_.push_back({unescaped(next.text), next.weight});
      else
        split(next);
    }
    return std::move(out_);
  }

 private:
  struct Waiting {
    std::string_view text;
    double weight;
    bool is_whole;  // no group any more
  };

  void split(const Waiting& of) {
    std::vector<Waiting> parts;
    for (const std::string_view part : top_groups(of.text)) {
      if (part.size() < 2 || part.front() != '(' || part.back() != ')') {
        parts.push_back({part, of.weight, true});
        continue;
      }
      std::string_view inside = part.substr(1, part.size() - 2);
      double weight = of.weight * kStronger;
      const size_t colon = inside.rfind(':');
      if (colon != inside.npos && colon > 0)
        if (const auto number = comfyui_number(inside.substr(colon + 1))) {
          weight = *number;
          inside = inside.substr(0, colon);
        }
      parts.push_back({inside, weight, false});
    }
    waiting_.insert(waiting_.end(), parts.rbegin(), parts.rend());
  }

  /// Groups in brackets, and what stands between them. A bracket too many lets the depth fall below nothing, as in the
  /// reference.
  static std::vector<std::string_view> top_groups(std::string_view text) {
    std::vector<std::string_view> parts;
    size_t begin = 0;
    int64_t depth = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '(' && depth++ == 0) {
        if (i > begin) parts.push_back(text.substr(begin, i - begin));
        begin = i;
      } else if (text[i] == ')' && --depth == 0) {
        parts.push_back(text.substr(begin, i + 1 - begin));
        begin = i + 1;
      }
    }
    if (begin < text.size()) parts.push_back(text.substr(begin));
    return parts;
  }

  std::vector<Waiting> waiting_;
  std::vector<WeightedText> out_;
};

std::vector<WeightedText> checked(std::vector<WeightedText> pieces, const std::string& place) {
  for (const WeightedText& piece : pieces)
    if (!(std::abs(piece.weight) <= kLargestWeight))
      throw Error(ErrorCode::bad_request, place,
                  "the weight of \"" + brief(piece.text, 60) + "\" is beyond 1,000,000");
  return pieces;
}

}  // namespace

std::vector<WeightedText> a1111_weights(std::string_view text, const std::string& place) {
  return checked(A1111Reader(text, place).read(), place);
}

PromptNotes a1111_weight_notes(std::string_view text, const std::string& place) {
  A1111Reader reader(text, place);
  reader.read();
  return reader.notes();
}

std::vector<WeightedText> comfyui_weights(std::string_view text, const std::string& place) {
  const std::string prepared = escaped(text);
  return checked(ComfyUIReader().read(prepared), place);
}

}  // namespace alice
