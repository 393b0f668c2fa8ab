#include "core/host/file_stamp.h"

#include <sys/stat.h>

#include <algorithm>
#include <vector>

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 2;  // a model's parts, and their files

void add_stamps(const fs::path& folder, int depth, std::vector<std::string>& stamps) {
  std::error_code status;
  for (fs::directory_iterator entry(folder, status); !status && entry != fs::directory_iterator();
       entry.increment(status)) {
    stamps.push_back(file_stamp(entry->path()));
    std::error_code of_entry;
    if (depth < kDeepest && entry->is_directory(of_entry)) add_stamps(entry->path(), depth + 1, stamps);
  }
}

}  // namespace

std::string file_stamp(const fs::path& file) {
  struct stat status;
  if (::stat(file.c_str(), &status) != 0) return file.string() + " is not there";
  return file.string() + "@" + std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec) +
         "+" + std::to_string(status.st_size) + "#" + std::to_string(status.st_ino);
}

std::string tree_stamp(const fs::path& path) {
  std::vector<std::string> stamps;
  add_stamps(path, 1, stamps);
  std::sort(stamps.begin(), stamps.end());
  std::string all = file_stamp(path);
  for (const std::string& stamp : stamps) all += "\n" + stamp;
  return all;
}

}  // namespace alice
