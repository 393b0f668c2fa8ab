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

/// `text`, or its first `most` bytes and "...", never cut within a character: for messages that quote what strangers
/// wrote.
std::string brief(std::string_view text, size_t most = 200);

}  // namespace alice
