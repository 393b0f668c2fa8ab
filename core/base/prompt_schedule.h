#pragma once
// Prompts that change while a picture is made: AUTOMATIC1111's schedules [from:to:when], alternations [a|b] and parts
// joined by AND. The grammar is that of its modules/prompt_parser.py, which a parser of Earley's kind reads there; here
// one pass with a stack reads the same language (tests/base/prompt_schedule_test.cpp asks a second, slower reading).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace alice {

/// What people should know of a prompt: a sentence that names the column, in characters from 1.
using PromptNotes = std::vector<std::string>;

/// A text that counts up to and including call `end` of the network, counted from 0.
struct PromptStretch {
  int64_t end;
  std::string text;
  bool operator==(const PromptStretch& other) const { return end == other.end && text == other.text; }
};

/// A prompt of one part. Any thread.
class PromptSchedule {
 public:
  /// Brackets that close nothing, or hold what is no schedule, are text. A prompt with a bar outside of an alternation,
  /// or with a backslash at its very end, is text as a whole, as the reference has it.
  explicit PromptSchedule(std::string_view text);

  /// The texts of a run of `steps` >= 1 calls, by their ends: rising, the last one `steps`. `when` is a share of the
  /// steps where it has a point, else a step; one of less than 1 is over before the first call. An alternation changes
  /// at every step. Neighbours may be alike.
  std::vector<PromptStretch> stretches(int64_t steps) const;
  /// Is there anything that changes? Else there is one stretch, the text itself.
  bool changes() const { return !choices_.empty(); }
  /// What was taken for text and looks as if it were meant otherwise.
  PromptNotes notes() const;

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);
  struct Place {
    size_t choice = kNone, branch = 0;  // kNone: always there
  };
  struct Choice {
    Place outer;  // where it stands
    size_t branches = 0;
    bool alternates = false;
    double when = 0;
    bool is_share = false;  // `when` is
  };
  struct Piece {
    size_t begin, end;  // bytes of text_
    Place place;
  };

  static int64_t last_step(const Choice& choice, int64_t steps);
  std::string text_at(int64_t step, int64_t steps) const;

  std::string text_;
  std::vector<Choice> choices_;  // an outer one before those in it
  std::vector<Piece> pieces_;    // in the order of the text
  size_t fatal_ = kNone;         // the byte that makes the whole prompt text
};

/// A part of a prompt, and how strongly it counts.
struct PromptPart {
  std::string text;
  double weight = 1;
  bool operator==(const PromptPart& other) const { return text == other.text && weight == other.weight; }
};

/// The parts that the word AND divides a prompt into, at least one. A part may end in ":" and a number, its weight,
/// which is taken off with the blanks around it.
std::vector<PromptPart> split_parts(std::string_view prompt);

/// The column of byte `at` of `text`, in characters from 1.
std::string column_of(std::string_view text, size_t at);

}  // namespace alice
