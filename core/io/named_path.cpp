#include "core/io/named_path.h"

#include <algorithm>

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCached = "models--";  // Hugging Face Hub: models--ORGANISATION--NAME

/// Absolute, without "." and "..", without a slash at its end.
fs::path plain(const fs::path& path) {
  std::error_code status;
  fs::path absolute = fs::absolute(path, status).lexically_normal();
  return absolute.has_filename() ? absolute : absolute.parent_path();
}

bool is_within(const fs::path& path, const fs::path& root) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

/// The innermost folder of a cache that `folder` lies in; "" when there is none.
fs::path cache_of(const fs::path& folder) {
  for (fs::path at = folder; at.has_relative_path(); at = at.parent_path())
    if (at.filename().string().rfind(kCached, 0) == 0) return at;
  return {};
}

}  // namespace

fs::path named_within(const fs::path& root, const fs::path& folder, const std::string& name) {
  if (name.empty() || name.find('\0') != name.npos) return {};
  const fs::path from = plain(folder), path = plain(from / name);  // an absolute one stays as it is
  if (is_within(path, plain(root))) return path;
  const fs::path cache = cache_of(from);
  return !cache.empty() && is_within(path, cache) ? path : fs::path();
}

}  // namespace alice
