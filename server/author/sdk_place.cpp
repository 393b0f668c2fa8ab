#include "server/author/sdk_place.h"

#include <sstream>
#include <system_error>

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPackageFile = "ALICEConfig.cmake";

/// As a shell takes it for one word.
std::string as_word(const std::string& text) {
  if (text.find_first_of(" \t\n'\"\\$`&|;<>()*?[]#~!{}") == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

/// What find_package() takes a folder of the PATH for: the place beside bin, or the folder itself.
fs::path prefix_of(const fs::path& folder) {
  const std::string name = folder.filename().string();
  return name == "bin" || name == "sbin" ? folder.parent_path() : folder;
}

}  // namespace

fs::path sdk_package(const fs::path& program) {
  std::error_code status;
  for (const char* place : {"../cmake/ALICE", "lib/cmake/ALICE"})
    if (const fs::path folder = (program / place).lexically_normal(); fs::exists(folder / kPackageFile, status))
      return folder;
  return {};
}

bool is_found_by_path(const fs::path& package, const std::string& path) {
  std::error_code status;
  std::istringstream folders(path);
  for (std::string folder; std::getline(folders, folder, ':');)
    if (fs::path(folder).is_absolute())
      for (const char* place : {"lib/cmake/ALICE", "lib64/cmake/ALICE"})
        if (const fs::path found = prefix_of(folder) / place; fs::exists(found / kPackageFile, status))
          return fs::equivalent(found, package, status);
  return false;
}

std::string configure_command(const fs::path& package, const std::string& path) {
  const bool must_be_told = !package.empty() && !is_found_by_path(package, path);
  return "cmake -B build -DCMAKE_BUILD_TYPE=Release" +
         (must_be_told ? " " + as_word("-DALICE_DIR=" + package.string()) : "");
}

}  // namespace alice
