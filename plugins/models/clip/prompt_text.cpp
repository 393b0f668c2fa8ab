#include "plugins/models/clip/prompt_text.h"

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <array>

#include "core/base/error.h"

namespace alice::clip {
namespace {

bool is_space(char32_t c) { return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_WHITE_SPACE); }
bool is_letter(char32_t c) { return (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_L_MASK) != 0; }
bool is_number(char32_t c) { return (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_N_MASK) != 0; }
bool is_other(char32_t c) { return !is_space(c) && !is_letter(c) && !is_number(c); }

icu::UnicodeString composed(const icu::UnicodeString& text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  icu::UnicodeString result = U_SUCCESS(status) ? nfc->normalize(text, status) : icu::UnicodeString();
  if (U_FAILURE(status))
    throw Error(ErrorCode::internal, "prompt", std::string("ICU cannot normalise it: ") + u_errorName(status));
  return result;
}

void append_lower(char32_t c, std::u32string& out) {
  if (c < 0x80) {
    out += c >= U'A' && c <= U'Z' ? c + (U'a' - U'A') : c;
    return;
  }
  icu::UnicodeString letter(static_cast<UChar32>(c));  // alone, so that no rule looks at its neighbours
  letter.toLower(icu::Locale::getRoot());
  for (int32_t i = 0; i < letter.length(); i = letter.moveIndex32(i, 1))
    out += static_cast<char32_t>(letter.char32At(i));
}

/// The length of an English contraction at the start of `text`, 0 when there is none.
size_t contraction(std::u32string_view text) {
  constexpr std::array<std::u32string_view, 7> kContractions = {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"};
  for (const auto& known : kContractions)
    if (text.substr(0, known.size()) == known) return known.size();
  return 0;
}

size_t run_length(std::u32string_view text, bool (*belongs)(char32_t)) {
  size_t length = 0;
  while (length < text.size() && belongs(text[length])) ++length;
  return length;
}

}  // namespace

std::u32string normalise(const std::string& utf8) {
  const icu::UnicodeString text = composed(icu::UnicodeString::fromUTF8(utf8));
  std::u32string out;
  bool after_space = false;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const auto c = static_cast<char32_t>(text.char32At(i));
    if (!is_space(c))
      append_lower(c, out);
    else if (!after_space)
      out += U' ';
    after_space = is_space(c);
  }
  return out;
}

std::vector<std::u32string_view> split_words(std::u32string_view text) {
  std::vector<std::u32string_view> words;
  while (!text.empty()) {
    size_t length = contraction(text);
    if (length == 0) length = run_length(text, is_letter);
    if (length == 0 && is_number(text[0])) length = 1;
    if (length == 0) length = run_length(text, is_other);
    if (length > 0) words.push_back(text.substr(0, length));
    text.remove_prefix(length > 0 ? length : 1);  // white space stands between words
  }
  return words;
}

std::string to_utf8(std::u32string_view text) {
  std::string out;
  icu::UnicodeString::fromUTF32(reinterpret_cast<const UChar32*>(text.data()), static_cast<int32_t>(text.size()))
      .toUTF8String(out);
  return out;
}

std::string valid_utf8(const std::string& bytes) {
  std::string out;
  icu::UnicodeString::fromUTF8(bytes).toUTF8String(out);
  return out;
}

}  // namespace alice::clip
