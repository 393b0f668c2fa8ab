#pragma once
// Words that whoever runs the server does not want pictures of.

#include <string>
#include <vector>

#include "core/base/generate_request.h"

namespace alice {

/// Immutable; any thread.
class BlockedWords {
 public:
  /// Each a word, or several that must follow one another.
  explicit BlockedWords(const std::vector<std::string>& words);

  /// Throws Error(bad_request) at "/prompt" or "/prompt_2" when one of them is there: as a whole word, whatever the
  /// case of its letters (Latin, Greek, Cyrillic), whatever stands between words. Negative prompts may have any. Each
  /// character of a script without blanks (Chinese, Japanese, Korean) counts as a word.
  void check(const GenerateRequest& request) const;

 private:
  using Words = std::vector<std::u32string>;
  static Words words_in(const std::string& text);

  std::vector<std::pair<std::string, Words>> blocked_;  // as it was written; its words
};

}  // namespace alice
