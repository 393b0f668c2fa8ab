#include "core/base/machine_memory.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kKibibyte = 1024;
constexpr const char* kStatus = "/proc/self/status";

/// "VmRSS:    123 kB" in bytes.
std::optional<int64_t> line_of(const fs::path& file, const std::string& name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);)
    if (line.compare(0, name.size(), name) == 0) return std::stoll(line.substr(name.size())) * kKibibyte;
  return std::nullopt;
}

/// Nothing for "max" and for what is not there.
std::optional<int64_t> number_in(const fs::path& file) {
  std::ifstream in(file);
  int64_t number = 0;
  return in >> number ? std::optional(number) : std::nullopt;
}

/// Of mapped files, which the kernel gives up when it wants room: not lost, though they count as used.
int64_t droppable(const fs::path& stat) {
  std::ifstream lines(stat);
  int64_t sum = 0, value = 0;
  for (std::string name; lines >> name >> value;)
    if (name == "inactive_file" || name == "active_file") sum += value;
  return sum;
}

struct GroupFiles {
  const char *limit, *used;
};

void take_least(std::optional<int64_t>& least, int64_t value) { least = least ? std::min(*least, value) : value; }

/// What is left in the group at `path` below `mount`, and in each one above it.
void take_group(const fs::path& mount, const fs::path& path, const GroupFiles& files, std::optional<int64_t>& least) {
  for (fs::path group = path.relative_path();; group = group.parent_path()) {
    const auto limit = number_in(mount / group / files.limit), used = number_in(mount / group / files.used);
    if (limit && used)
      take_least(least, std::max<int64_t>(0, *limit - *used + droppable(mount / group / "memory.stat")));
    if (group.empty()) return;
  }
}

/// cgroups(7): lines "0::/path" of version 2, "4:memory:/path" of version 1. A group that is not mounted here under its
/// path, as in a container, is looked for at the root.
void take_groups(const fs::path& root, std::optional<int64_t>& least) {
  std::ifstream lines(root / "proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {
    std::istringstream parts(line);
    std::string number, controllers, path;
    if (!std::getline(parts, number, ':') || !std::getline(parts, controllers, ':')) continue;
    std::getline(parts, path);
    if (controllers.empty()) take_group(root / "sys/fs/cgroup", path, {"memory.max", "memory.current"}, least);
    if (controllers == "memory")
      take_group(root / "sys/fs/cgroup/memory", path, {"memory.limit_in_bytes", "memory.usage_in_bytes"}, least);
  }
}

}  // namespace

std::optional<int64_t> available_memory(const fs::path& root) {
  std::optional<int64_t> least = line_of(root / "proc/meminfo", "MemAvailable:");
  take_groups(root, least);
  return least;
}

int64_t resident_memory() { return line_of(kStatus, "VmRSS:").value_or(0); }

int64_t own_memory() {
  int64_t sum = 0;
  for (const char* name : {"RssAnon:", "RssShmem:", "VmSwap:"}) sum += line_of(kStatus, name).value_or(0);
  return sum;
}

}  // namespace alice
