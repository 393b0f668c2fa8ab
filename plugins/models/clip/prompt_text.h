#pragma once
// Prompts as CLIP's tokenizer sees them: normalised, and split into words.

#include <string>
#include <string_view>
#include <vector>

namespace alice::clip {

/// UTF-8 -> code points in composed form (NFC), each run of white space one space, lower case letter by letter (a final
/// sigma is no special case). Bad UTF-8 becomes U+FFFD. Any thread.
std::u32string normalise(const std::string& utf8);

/// The words of normalised text, in the order and with the precedence of CLIP's pattern
///   's|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+
/// The views point into `text`.
std::vector<std::u32string_view> split_words(std::u32string_view text);

std::string to_utf8(std::u32string_view text);
/// Bad sequences become U+FFFD.
std::string valid_utf8(const std::string& bytes);

}  // namespace alice::clip
