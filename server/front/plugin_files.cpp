#include "server/front/plugin_files.h"

#include <elf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "core/base/regular_file.h"

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

/// A linker writes the head of the file, with the place of the table of sections, and that table last (ELF-64, "ELF
/// header").
bool looks_half_written(const fs::path& file) {
  try {
    const RegularFile library(file);
    const std::string bytes = library.read(0, std::min<size_t>(library.size(), sizeof(Elf64_Ehdr)));
    if (std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; })) return true;
    if (bytes.compare(0, SELFMAG, ELFMAG) != 0) return false;  // something else: whoever loads it says so
    Elf64_Ehdr head;
    if (bytes.size() < sizeof head) return true;
    std::memcpy(&head, bytes.data(), sizeof head);
    return head.e_shoff + uint64_t{head.e_shnum} * head.e_shentsize > library.size();
  } catch (const Error&) {
    return true;  // it has gone, or shrinks at this moment
  }
}

}  // namespace

bool look_half_written(const std::vector<fs::path>& plugins) {
  for (const fs::path& plugin : plugins)
    for (const fs::path& file : libraries_of(plugin))
      if (looks_half_written(file)) return true;
  return false;
}

std::string plugin_files_stamp(const std::vector<fs::path>& plugins) {
  std::string text;
  for (const fs::path& plugin : plugins)
    for (const fs::path& file : libraries_of(plugin)) text += stamp(file);
  return text;
}

}  // namespace alice
