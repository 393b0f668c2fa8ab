#pragma once
// The texts in a PNG file, found without decoding it.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alice::a1111 {

struct PngTexts {
  std::vector<std::pair<std::string, std::string>> texts;  ///< keyword and text, UTF-8, in the file's order
  std::vector<std::string> compressed;                     ///< keywords of texts that are packed, and were not read

  /// "" when there is none.
  std::string text(std::string_view keyword) const;
};

/// Of tEXt and iTXt chunks (PNG specification, third edition, 11.3.3), as far as `bytes` go: the beginning of a file
/// will do. At most 64, each of at most a mebibyte. Empty for what is no PNG. Any thread.
PngTexts read_png_texts(std::string_view bytes);

/// The keyword of A1111's settings.
inline constexpr const char* kSettingsKeyword = "parameters";

}  // namespace alice::a1111
