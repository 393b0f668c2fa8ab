#include "server/cli/picture_names.h"

#include <cctype>
#include <filesystem>

#include "core/base/utf8.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostLetters = 40;

/// Of a prompt: what stands in file names without quotes, words joined by '-'.
std::string words_of(const std::string& prompt) {
  std::u32string words;
  for (const char32_t c : decode_utf8(prompt)) {
    if (words.size() == kMostLetters) break;
    if (c >= 0x80 || std::isalnum(static_cast<unsigned char>(c)))
      words += c >= 0x80 ? c : static_cast<char32_t>(std::tolower(static_cast<unsigned char>(c)));
    else if (!words.empty() && words.back() != U'-')
      words += U'-';
  }
  while (!words.empty() && words.back() == U'-') words.pop_back();
  return words.empty() ? "picture" : encode_utf8(words);
}

bool any_is_there(const std::string& out, int64_t n) {
  std::error_code status;
  for (int64_t index = 0; index < n; ++index)
    if (fs::exists(picture_file(out, index, n), status)) return true;
  return false;
}

}  // namespace

std::string picture_file(const std::string& out, int64_t index, int64_t n) {
  if (n == 1) return out;
  const fs::path path(out);
  return (path.parent_path() / (path.stem().string() + "-" + std::to_string(index) + path.extension().string()))
      .string();
}

std::string chosen_name(const std::string& prompt, uint64_t seed, int64_t n, const std::string& extension) {
  const std::string stem = words_of(prompt) + "-" + std::to_string(seed);
  std::string name = stem + extension;
  for (int64_t next = 2; any_is_there(name, n); ++next) name = stem + "-" + std::to_string(next) + extension;
  return name;
}

}  // namespace alice
