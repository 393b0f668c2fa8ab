// Random prompts, read twice: by the product in one pass, and here by the rules as they stand, top down, one form after
// another, however long that takes.

#include <cstdlib>
#include <functional>
#include <optional>
#include <random>

#include "core/base/error.h"
#include "core/base/prompt_weights.h"
#include "tests/support/catch.h"

using namespace alice;

namespace {

size_t rounds() { return std::getenv("ALICE_LONG") != nullptr ? 100'000 : 4'000; }

std::string random_prompt(std::mt19937& draw) {
  static const std::vector<std::string> kAtoms = {
      "a",   "b",    "cat ", "(",   ")",      "[",       "]",      ":",     "|",    "\\",  ",",
      ":3]", ":.5]", ":1.2)",
      "::4]", " AND ", "BREAK", " BREAK ", "[a:b:2]", "[a|b]", "(c:1.3)", "1.3", "\n",  ":-1)", "))", "é",   ":2)"};
  std::string prompt;
  for (size_t count = draw() % 11; count > 0; --count) prompt += kAtoms[draw() % kAtoms.size()];
  return prompt;
}

// --- Schedules: a form is what stands between a bracket and the first one that closes it, if all in it are forms.

/// Where the form that begins at `at` ends; 0 when none begins there.
size_t form_end(const std::string& text, size_t at);

/// The end of what may stand within a form, from `at` on: text and forms, up to a character of `stops`.
std::optional<size_t> content_end(const std::string& text, size_t at, const std::string& stops) {
  while (at < text.size() && stops.find(text[at]) == std::string::npos) {
    if (text[at] == '\\') {
      at += 2;
    } else if (text[at] == '(' || text[at] == '[') {
      at = form_end(text, at);
      if (at == 0) return std::nullopt;
    } else if (std::string(")]:|").find(text[at]) != std::string::npos) {
      return std::nullopt;
    } else {
      ++at;
    }
  }
  return at < text.size() ? std::optional(at) : std::nullopt;
}

struct Branches {
  std::vector<std::string> texts;
  size_t end = 0;
  std::optional<std::string> when;
};

/// The parts of a bracket between `between`s; empty when it is no such form.
std::optional<Branches> parts_of(const std::string& text, size_t at, char between, char close) {
  Branches branches;
  size_t begin = at + 1;
  while (true) {
    const auto end = content_end(text, begin, std::string{between, close});
    if (!end) return std::nullopt;
    branches.texts.push_back(text.substr(begin, *end - begin));
    begin = *end + 1;
    if (text[*end] == close) break;
  }
  branches.end = begin;
  return branches;
}

bool is_number(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.erase(0, 1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  char* end = nullptr;
  const bool begins = !text.empty() && (std::isdigit(static_cast<unsigned char>(text[0])) || text[0] == '.' ||
                                        text[0] == '-' || text[0] == '+');
  std::strtod(text.c_str(), &end);
  return begins && text.size() > 0 && *end == '\0' && end != text.c_str();
}

std::optional<Branches> scheduled(const std::string& text, size_t at) {
  auto branches = parts_of(text, at, ':', ']');
  if (!branches || branches->texts.size() < 2 || branches->texts.size() > 3 || !is_number(branches->texts.back()))
    return std::nullopt;
  branches->when = branches->texts.back();
  branches->texts.pop_back();
  if (branches->texts.size() == 1) branches->texts.insert(branches->texts.begin(), "");
  return branches;
}

std::optional<Branches> alternation(const std::string& text, size_t at) {
  auto branches = parts_of(text, at, '|', ']');
  return branches && branches->texts.size() > 1 ? branches : std::nullopt;
}

size_t form_end(const std::string& text, size_t at) {
  if (text[at] == '(') {
    const auto group = parts_of(text, at, ':', ')');
    return group && group->texts.size() <= 2 ? group->end : 0;
  }
  if (const auto form = scheduled(text, at)) return form->end;
  if (const auto form = alternation(text, at)) return form->end;
  const auto group = parts_of(text, at, ']', ']');
  return group ? group->end : 0;
}

int64_t end_of(const std::string& when, int64_t steps) {
  const double value = std::stod(when) * (when.find('.') == std::string::npos ? 1.0 : static_cast<double>(steps));
  return value > static_cast<double>(steps) ? steps : static_cast<int64_t>(value);
}

/// Is there a bar or a backslash that no form has?
bool is_fatal(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '|') return true;
    if (text[at] == '\\') {
      if (at + 1 == text.size() || text[at + 1] == '\n') return true;
      at += 2;
      continue;
    }
    const size_t end = text[at] == '(' || text[at] == '[' ? form_end(text, at) : 0;
    at = end > 0 ? end : at + 1;
  }
  return false;
}

/// A backslash before a line's end is fatal within forms, too.
bool has_bad_backslash(const std::string& text) {
  for (size_t at = 0; at < text.size(); ++at)
    if (text[at] == '\\' && (++at == text.size() || text[at] == '\n')) return true;
  return false;
}

std::string text_at(const std::string& text, int64_t step, int64_t steps) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '\\') {
      out += text.substr(at, 2);
      at += 2;
      continue;
    }
    std::optional<Branches> form;
    std::string chosen;
    if (text[at] == '[') {
      if ((form = scheduled(text, at)))
        chosen = form->texts[step <= end_of(*form->when, steps) ? 0 : 1];
      else if ((form = alternation(text, at)))
        chosen = form->texts[static_cast<size_t>(step - 1) % form->texts.size()];
    }
    if (form) {
      out += text_at(chosen, step, steps);
      at = form->end;
    } else {
      out += text[at++];
    }
  }
  return out;
}

// --- Weights: each letter's is the product of those of the brackets that it stands between.

struct Mark {
  std::string text;  // of letters; "" of brackets
  char bracket = 0;  // '(', ')', '[' or ']'
  double weight = 0; // of ')', where a number stands before it
  bool is_break = false;
};

/// ":1.2)" at `at`: how long it is; 0 when it is none.
size_t number_length(const std::string& text, size_t at, double& weight) {
  const auto skip_blanks = [&](size_t from) {
    while (from < text.size() && std::isspace(static_cast<unsigned char>(text[from]))) ++from;
    return from;
  };
  const size_t begin = skip_blanks(at + 1);
  size_t end = begin;
  if (end < text.size() && (text[end] == '-' || text[end] == '+')) ++end;
  const size_t digits = end;
  while (end < text.size() && (std::isdigit(static_cast<unsigned char>(text[end])) || text[end] == '.')) ++end;
  const size_t close = skip_blanks(end);
  if (end == digits || close >= text.size() || text[close] != ')') return 0;
  weight = std::stod(text.substr(begin, end - begin));
  return close + 1 - at;
}

bool is_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0; }

std::vector<Mark> marks_of(const std::string& text) {
  std::vector<Mark> marks;
  int open = 0;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    double weight = 0;
    const size_t number = c == ':' ? number_length(text, at, weight) : 0;
    if (c == '\\') {
      const bool takes = at + 1 < text.size() && std::string("()[]\\").find(text[at + 1]) != std::string::npos;
      if (takes) marks.push_back({std::string(1, text[at + 1])});
      at += takes ? 2 : 1;
    } else if (number > 0 && open > 0) {
      marks.push_back({"", ')', weight});
      --open, at += number;
    } else if (number > 0) {
      marks.push_back({text.substr(at, number)});
      at += number;
    } else if (c == '(' || c == '[') {
      marks.push_back({"", c});
      if (c == '(') ++open;
      ++at;
    } else if (c == ')' || c == ']') {
      marks.push_back({"", c, c == ')' ? 1.1 : 1 / 1.1});
      if (c == ')' && open > 0) --open;
      ++at;
    } else if (text.compare(at, 5, "BREAK") == 0 && (at == 0 || !is_letter(text[at - 1])) &&
               (at + 5 == text.size() || !is_letter(text[at + 5]))) {
      marks.push_back({"BREAK", 0, 0, true});
      at += 5;
    } else {
      marks.push_back({std::string(1, c)});
      ++at;
    }
  }
  return marks;
}

using Letters = std::vector<std::pair<char, double>>;

/// Blanks left out, which no encoder counts.
Letters letters_of(const std::string& text) {
  std::vector<Mark> marks = marks_of(text);
  std::vector<double> weights(marks.size(), 1);
  for (size_t i = 0; i < marks.size(); ++i) {
    const char open = marks[i].bracket, close = open == '(' ? ')' : ']';
    if (open != '(' && open != '[') continue;
    size_t partner = i + 1;
    for (int depth = 1; partner < marks.size(); ++partner) {
      depth += marks[partner].bracket == open ? 1 : marks[partner].bracket == close ? -1 : 0;
      if (depth == 0) break;
    }
    const double weight = partner < marks.size() ? marks[partner].weight : open == '(' ? 1.1 : 1 / 1.1;
    for (size_t j = i + 1; j < partner; ++j) weights[j] *= weight;
    if (partner < marks.size()) marks[partner].text.clear(), marks[partner].weight = 0, marks[partner].bracket = 'x';
  }
  Letters letters;
  for (size_t i = 0; i < marks.size(); ++i) {
    const bool is_literal = marks[i].bracket == ')' || marks[i].bracket == ']';
    for (const char c : is_literal ? std::string(1, marks[i].bracket) : marks[i].text)
      if (!std::isspace(static_cast<unsigned char>(c)))
        letters.emplace_back(c, weights[i] * (marks[i].is_break ? -1 : 1));
  }
  return letters;
}

Letters letters_of(const std::vector<WeightedText>& pieces) {
  Letters letters;
  for (const WeightedText& piece : pieces)
    for (const char c : piece.text)
      if (!std::isspace(static_cast<unsigned char>(c))) letters.emplace_back(c, piece.weight);
  return letters;
}

bool are_close(const Letters& a, const Letters& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i].first != b[i].first || std::abs(a[i].second - b[i].second) > 1e-9 * std::abs(a[i].second)) return false;
  return true;
}

}  // namespace

TEST_CASE("schedules of random prompts are what a second, slower reading says") {
  std::mt19937 draw(1);
  size_t changing = 0;
  for (size_t round = 0; round < rounds(); ++round) {
    const std::string prompt = random_prompt(draw);
    const int64_t steps = 1 + static_cast<int64_t>(draw() % 10);
    INFO(prompt);
    const std::vector<PromptStretch> stretches = PromptSchedule(prompt).stretches(steps);
    REQUIRE(stretches.back().end == steps);
    const bool is_text = is_fatal(prompt) || has_bad_backslash(prompt);
    if (is_text) REQUIRE(stretches.size() == 1);
    int64_t step = 1;
    for (const PromptStretch& stretch : stretches)
      for (; step <= stretch.end; ++step)
        REQUIRE(stretch.text == (is_text ? prompt : text_at(prompt, step, steps)));
    changing += stretches.size() > 1 ? 1 : 0;
  }
  CHECK(changing > rounds() / 50);
}

TEST_CASE("weights of random prompts are what a second, slower reading says") {
  std::mt19937 draw(2);
  for (size_t round = 0; round < rounds(); ++round) {
    const std::string prompt = random_prompt(draw);
    INFO(prompt);
    REQUIRE(are_close(letters_of(a1111_weights(prompt)), letters_of(prompt)));
    comfyui_weights(prompt);
    split_parts(prompt);
  }
}
