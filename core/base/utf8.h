#pragma once
// Text of strangers: UTF-8 that may be wrong, and its characters.

#include <string>
#include <string_view>

namespace alice {

/// The characters of `text`. Bytes that are no UTF-8 (overlong forms, surrogates and numbers beyond U+10FFFF among
/// them) become U+FFFD, one for each longest beginning of a character (Unicode 15, section 3.9, "U+FFFD Substitution of
/// Maximal Subparts").
std::u32string decode_utf8(std::string_view text);

/// Every character must be one that decode_utf8() can give.
std::string encode_utf8(std::u32string_view characters);

}  // namespace alice
