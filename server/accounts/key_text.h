#pragma once
// A key as people copy it: alice_<8 letters: its id>_<43 letters: its secret>_<4 letters: a check>. Whoever searches
// files for keys that leaked knows one by its beginning; what was copied wrongly is known without a look at any key.

#include <string>
#include <string_view>

namespace alice {

struct KeyText {
  std::string id;      ///< 8 of a-z and 2-7: 40 random bits
  std::string secret;  ///< 43 of base64url: 256 random bits
};

KeyText new_key_text();
std::string write_key_text(const KeyText& key);

enum class KeyForm {
  other,     ///< none of ours: it does not begin so
  mistyped,  ///< it begins as ours do, and is cut, or its check does not fit the rest
  whole
};
/// Fills `key` when the text is whole.
KeyForm read_key_text(std::string_view text, KeyText& key);

}  // namespace alice
