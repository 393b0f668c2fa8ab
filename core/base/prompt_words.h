#pragma once
// Words and blanks as Python's regular expressions see them in UTF-8, for grammars that are written in these.

#include <cstddef>
#include <string_view>
#include <vector>

namespace alice {

/// How many bytes the blank (\s) at `at` has; 0 when there stands none.
size_t blank_at(std::string_view text, size_t at);
/// The same of the blank that ends before `at`.
size_t blank_before(std::string_view text, size_t at);
std::string_view without_blanks_behind(std::string_view text);

/// Where `word`, of ASCII letters, stands in `text` with no letter, digit or underscore on either side (\bword\b), in
/// bytes. Characters beyond ASCII count as letters unless they are punctuation or blanks.
std::vector<size_t> places_of_word(std::string_view text, std::string_view word);

}  // namespace alice
