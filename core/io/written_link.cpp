#include "core/io/written_link.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kLongestTarget = 1024;  // bytes
constexpr int kMostLinks = 8;

/// The path that a file's whole text is, or "".
fs::path target_of(const fs::path& file) {
  std::error_code status;
  if (!fs::is_regular_file(file, status)) return {};
  const uintmax_t size = fs::file_size(file, status);
  if (status || size == 0 || size > kLongestTarget) return {};
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  const bool is_one_line = std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= ' '; });
  const fs::path target = is_one_line ? fs::path(text) : fs::path();
  if (target.empty() || target.is_absolute() || !target.has_parent_path()) return {};
  return fs::is_regular_file(file.parent_path() / target, status) ? file.parent_path() / target : fs::path();
}

}  // namespace

fs::path follow_written_link(const fs::path& file) {
  fs::path found = file;
  for (int i = 0; i < kMostLinks; ++i) {
    const fs::path target = target_of(found);
    if (target.empty()) break;
    found = target.lexically_normal();
  }
  return found;
}

}  // namespace alice
