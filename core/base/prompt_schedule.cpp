#include "core/base/prompt_schedule.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "core/base/prompt_words.h"

namespace alice {
namespace {

/// Lark's SIGNED_NUMBER: "3", "-2", ".5", "1.", "1e3".
std::optional<double> read_number(std::string_view text) {
  const std::string_view whole = text;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) text.remove_prefix(1);
  const auto digits = [&] {
    const size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  size_t found = digits();
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    found += digits();
  }
  if (found == 0) return std::nullopt;
  if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    text.remove_prefix(1);
    if (!text.empty() && (text.front() == '+' || text.front() == '-')) text.remove_prefix(1);
    if (digits() == 0) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  const bool is_negative = whole.front() == '-';
  double value = 0;
  const char* begin = whole.data() + (whole.front() == '+' || is_negative ? 1 : 0);
  const auto result = std::from_chars(begin, whole.data() + whole.size(), value);
  if (result.ec == std::errc::result_out_of_range) value = HUGE_VAL;
  return is_negative ? -value : value;
}

/// A schedule or an alternation: what it spans, and its branches, in bytes.
struct Form {
  size_t begin, end;
  std::vector<std::pair<size_t, size_t>> branches;
  bool alternates = false;
  double when = 0;
  bool is_share = false;
};

/// Brackets wait on a stack for their partner. One that meets the wrong partner, or holds what no form allows, is text,
/// and so are all that it stands in: a form holds whole forms and text alone.
class FormReader {
 public:
  explicit FormReader(std::string_view text) : text_(text) {}

  /// In the order in which they begin. Where fatal() says so, none counts.
  std::vector<Form> read() {
    for (size_t at = 0; at < text_.size() && !fatal_; at = step(at)) {
    }
    give_up();
    std::sort(forms_.begin(), forms_.end(), [](const Form& a, const Form& b) { return a.begin < b.begin; });
    return std::move(forms_);
  }
  /// The byte that makes all of it text.
  std::optional<size_t> fatal() const { return fatal_; }

 private:
  struct Open {
    char bracket;
    size_t at;
    std::vector<size_t> colons, bars;
  };

  /// The next byte.
  size_t step(size_t at) {
    const char c = text_[at];
    if (c == '\\') {
      if (at + 1 == text_.size() || text_[at + 1] == '\n') fatal_ = at;
      return at + 2;
    }
    if (c == '(' || c == '[') open_.push_back({c, at, {}, {}});
    if (c == ':' && !open_.empty()) open_.back().colons.push_back(at);
    if (c == '|') {
      if (open_.empty() || open_.back().bracket != '[')
        fatal_ = at;
      else
        open_.back().bars.push_back(at);
    }
    if (c == ')' || c == ']') close(c, at + 1);
    return at + 1;
  }

  void close(char c, size_t end) {
    if (open_.empty()) return;
    if (!take(open_.back(), c, end)) return give_up();
    open_.pop_back();
  }

  /// False when that is no form.
  bool take(const Open& open, char c, size_t end) {
    if (c != (open.bracket == '(' ? ')' : ']')) return false;
    if (open.bracket == '(') return open.colons.size() <= 1;
    if (!open.bars.empty()) return open.colons.empty() && take_alternation(open, end);
    return open.colons.empty() || take_schedule(open, end);
  }

  bool take_alternation(const Open& open, size_t end) {
    Form form{open.at, end, {}, true};
    size_t begin = open.at + 1;
    for (const size_t bar : open.bars) {
      form.branches.emplace_back(begin, bar);
      begin = bar + 1;
    }
    form.branches.emplace_back(begin, end - 1);
    forms_.push_back(std::move(form));
    return true;
  }

  /// [from:to:when] or [to:when].
  bool take_schedule(const Open& open, size_t end) {
    if (open.colons.size() > 2) return false;
    const size_t first = open.colons.front(), last = open.colons.back();
    std::string_view number = without_blanks_behind(text_.substr(last + 1, end - last - 2));
    while (const size_t blank = blank_at(number, 0)) number.remove_prefix(blank);
    const std::optional<double> when = read_number(number);
    if (!when) return false;
    Form form{open.at, end, {}, false, *when, number.find('.') != number.npos};
    const size_t begin = open.at + 1;
    if (first == last)
      form.branches = {{begin, begin}, {begin, first}};
    else
      form.branches = {{begin, first}, {first + 1, last}};
    forms_.push_back(std::move(form));
    return true;
  }

  /// All brackets that are open are text; a bar in them can be none.
  void give_up() {
    for (const Open& open : open_)
      if (!open.bars.empty() && !fatal_) fatal_ = open.bars.front();
    open_.clear();
  }

  std::string_view text_;
  std::vector<Open> open_;
  std::vector<Form> forms_;
  std::optional<size_t> fatal_;
};

/// Of a part: the colon before the number that it ends with; npos when it ends with none.
size_t weight_colon(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == text.npos) return colon;
  std::string_view number = text.substr(colon + 1);
  while (const size_t blank = blank_at(number, 0)) number.remove_prefix(blank);
  if (!number.empty() && (number.front() == '+' || number.front() == '-')) number.remove_prefix(1);
  const bool is_number = !number.empty() && number.find_first_not_of("0123456789.") == number.npos &&
                         std::count(number.begin(), number.end(), '.') <= 1 && number != ".";
  return is_number ? colon : text.npos;
}

PromptPart part_of(std::string_view text) {
  text = without_blanks_behind(text);
  const size_t colon = weight_colon(text);
  if (colon == text.npos) return {std::string(text), 1};
  std::string_view number = text.substr(colon + 1);
  while (const size_t blank = blank_at(number, 0)) number.remove_prefix(blank);
  return {std::string(without_blanks_behind(text.substr(0, colon))), read_number(number).value_or(1)};
}

}  // namespace

PromptSchedule::PromptSchedule(std::string_view text) : text_(text) {
  FormReader reader(text_);
  std::vector<Form> forms = reader.read();
  if (reader.fatal()) {
    fatal_ = *reader.fatal();
    forms.clear();
  }
  std::vector<Place> within;  // the branches that `at` lies in, the innermost last
  const auto place = [&] { return within.empty() ? Place() : within.back(); };
  size_t at = 0, next = 0;
  while (true) {
    const size_t end = within.empty() ? text_.size() : forms[place().choice].branches[place().branch].second;
    const bool begins = next < forms.size() && forms[next].begin < end;
    const size_t stop = begins ? forms[next].begin : end;
    if (stop > at) pieces_.push_back({at, stop, place()});
    if (begins) {
      const Form& form = forms[next];
      choices_.push_back({place(), form.branches.size(), form.alternates, form.when, form.is_share});
      within.push_back({next++, 0});
      at = form.branches.front().first;
      continue;
    }
    if (within.empty()) return;
    const Form& form = forms[place().choice];
    if (++within.back().branch < form.branches.size()) {
      at = form.branches[within.back().branch].first;
    } else {
      at = form.end;
      within.pop_back();
    }
  }
}

int64_t PromptSchedule::last_step(const Choice& choice, int64_t steps) {
  const double when = choice.is_share ? choice.when * static_cast<double>(steps) : choice.when;
  if (when >= static_cast<double>(steps)) return steps;
  return when <= -1 ? -1 : static_cast<int64_t>(when);
}

std::string PromptSchedule::text_at(int64_t step, int64_t steps) const {
  std::vector<size_t> chosen(choices_.size());  // branch; of what is not there itself none
  const auto is_there = [&](const Place& place) {
    return place.choice == kNone || chosen[place.choice] == place.branch;
  };
  for (size_t i = 0; i < choices_.size(); ++i) {
    const Choice& choice = choices_[i];
    if (!is_there(choice.outer))
      chosen[i] = kNone;
    else if (choice.alternates)
      chosen[i] = static_cast<size_t>(step - 1) % choice.branches;
    else
      chosen[i] = step <= last_step(choice, steps) ? 0 : 1;
  }
  std::string text;
  for (const Piece& piece : pieces_)
    if (is_there(piece.place)) text.append(text_, piece.begin, piece.end - piece.begin);
  return text;
}

std::vector<PromptStretch> PromptSchedule::stretches(int64_t steps) const {
  std::set<int64_t> ends = {steps};
  bool alternates = false;
  for (const Choice& choice : choices_) {
    if (choice.alternates) alternates = true;
    if (!choice.alternates && last_step(choice, steps) >= 1) ends.insert(last_step(choice, steps));
  }
  for (int64_t step = 1; alternates && step < steps; ++step) ends.insert(step);
  std::vector<PromptStretch> stretches;
  for (const int64_t end : ends) stretches.push_back({end, text_at(end, steps)});
  return stretches;
}

PromptNotes PromptSchedule::notes() const {
  const bool has_brackets = text_.find('[') != text_.npos;
  if (fatal_ == kNone || !has_brackets) return {};
  const std::string column = column_of(text_, fatal_);
  const std::string what = text_[fatal_] == '|' ? "\"|\" at " + column + " stands in no [..|..]"
                                                : "the backslash at " + column + " has nothing behind it";
  return {what + ": the prompt changes at no step, as A1111 has it"};
}

std::vector<PromptPart> split_parts(std::string_view prompt) {
  constexpr std::string_view kAnd = "AND";
  std::vector<PromptPart> parts;
  size_t begin = 0;
  for (const size_t place : places_of_word(prompt, kAnd)) {
    parts.push_back(part_of(prompt.substr(begin, place - begin)));
    begin = place + kAnd.size();
  }
  parts.push_back(part_of(prompt.substr(begin)));
  return parts;
}

std::string column_of(std::string_view text, size_t at) {
  const auto is_start = [](char c) { return (c & 0xC0) != 0x80; };  // of a character
  const std::string_view before = text.substr(0, at);
  return "column " + std::to_string(1 + std::count_if(before.begin(), before.end(), is_start));
}

}  // namespace alice
