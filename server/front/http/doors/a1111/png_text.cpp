#include "server/front/http/doors/a1111/png_text.h"

#include <cstdint>

#include "core/base/picture_format.h"
#include "core/base/utf8.h"

namespace alice::a1111 {
namespace {

constexpr size_t kSignature = 8, kAround = 12;  // a chunk is a length, a type, the data and a checksum
constexpr size_t kMostTexts = 64, kLongestText = 1u << 20;

size_t number_at(std::string_view bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
  return number;
}

std::string from_latin1(std::string_view text) {
  std::u32string characters;
  for (const char c : text) characters += static_cast<unsigned char>(c);
  return encode_utf8(characters);
}

/// Takes what stands before the next zero byte, and that byte, off the front.
std::string_view take_word(std::string_view& data) {
  const std::string_view word = data.substr(0, data.find('\0'));
  data.remove_prefix(std::min(word.size() + 1, data.size()));
  return word;
}

void read_text(std::string_view type, std::string_view data, PngTexts& found) {
  const std::string keyword = from_latin1(take_word(data));
  if (type == "tEXt") return void(found.texts.emplace_back(keyword, from_latin1(data)));
  if (type == "iTXt" && data.size() >= 2 && data[0] == 0) {  // then the method, the language and the translated keyword
    data.remove_prefix(2);
    take_word(data);
    take_word(data);
    return void(found.texts.emplace_back(keyword, encode_utf8(decode_utf8(data))));
  }
  found.compressed.push_back(keyword);
}

}  // namespace

std::string PngTexts::text(std::string_view keyword) const {
  for (const auto& [name, text] : texts)
    if (name == keyword) return text;
  return "";
}

PngTexts read_png_texts(std::string_view bytes) {
  PngTexts found;
  if (picture_format_of(bytes) != PictureFormat::png) return found;
  for (size_t at = kSignature; at + kAround <= bytes.size();) {
    const size_t length = number_at(bytes, at);
    if (length > bytes.size() - at - kAround) break;
    const std::string_view type = bytes.substr(at + 4, 4);
    const bool is_text = type == "tEXt" || type == "iTXt" || type == "zTXt";
    if (is_text && length <= kLongestText) read_text(type, bytes.substr(at + 8, length), found);
    if (found.texts.size() + found.compressed.size() >= kMostTexts) break;
    at += kAround + length;
  }
  return found;
}

}  // namespace alice::a1111
