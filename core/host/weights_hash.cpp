#include "core/host/weights_hash.h"

#include <algorithm>
#include <utility>

#include "core/base/sha256.h"

namespace alice {

namespace fs = std::filesystem;

std::string hash_of_files(const fs::path& source, const std::vector<std::string>& files, const HashOf& hash_of) {
  if (files.empty()) return "";
  if (files.size() == 1) return hash_of(files.front());
  std::vector<std::pair<std::string, std::string>> lines;
  for (const std::string& file : files) {
    const std::string hash = hash_of(file);
    if (hash.empty()) return "";
    lines.emplace_back(fs::path(file).lexically_relative(source).generic_string(), hash);
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const auto& [name, hash] : lines) text += hash + "  " + name + "\n";
  return sha256_of(text);
}

}  // namespace alice
