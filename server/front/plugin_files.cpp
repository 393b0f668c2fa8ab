#include "server/front/plugin_files.h"

#include <sys/stat.h>

#include <algorithm>

namespace alice {
namespace {

namespace fs = std::filesystem;

std::string stamp(const fs::path& file) {
  struct stat status;
  if (::stat(file.c_str(), &status) != 0) return file.string() + " is not there\n";
  return file.string() + " " + std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec) +
         " " + std::to_string(status.st_size) + " " + std::to_string(status.st_ino) + "\n";
}

/// Of a folder its libraries, else the file itself. What cannot be looked at has none.
std::vector<fs::path> libraries_of(const fs::path& path) {
  std::error_code fault;
  if (!fs::is_directory(path, fault)) return {path};
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(path, fault); !fault && entry != fs::directory_iterator(); entry.increment(fault))
    if (entry->path().extension() == ".so") files.push_back(entry->path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::string plugin_files_stamp(const std::vector<fs::path>& plugins) {
  std::string text;
  for (const fs::path& plugin : plugins)
    for (const fs::path& file : libraries_of(plugin)) text += stamp(file);
  return text;
}

}  // namespace alice
