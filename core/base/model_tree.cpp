#include "core/base/model_tree.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <utility>

namespace alice {
namespace {

namespace fs = std::filesystem;

class Search {
 public:
  Search(int deepest, const std::function<FolderUse(const TreeEntry&)>& judge) : deepest_(deepest), judge_(judge) {}

  void enter(const fs::path& folder, const std::string& prefix, int depth) {
    if (!is_new(folder)) return;
    std::vector<TreeEntry> links;
    for (TreeEntry& entry : entries_of(folder, prefix)) {
      std::error_code status;
      const bool is_link = fs::is_symlink(entry.path, status);
      if (!entry.is_folder)
        found_.push_back(std::move(entry));
      else if (is_link)
        links.push_back(std::move(entry));
      else
        use(entry, depth);
    }
    for (const TreeEntry& link : links) use(link, depth);
  }

  std::vector<TreeEntry> take() {
    std::sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return std::move(found_);
  }

 private:
  static std::vector<TreeEntry> entries_of(const fs::path& folder, const std::string& prefix) {
    std::vector<TreeEntry> entries;
    std::error_code status;
    for (fs::directory_iterator entry(folder, status); !status && entry != fs::directory_iterator();
         entry.increment(status)) {
      const std::string name = entry->path().filename().string();
      if (name.empty() || name[0] == '.') continue;
      std::error_code unknown;
      entries.push_back({entry->path(), prefix + name, entry->is_directory(unknown)});
    }
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return entries;
  }

  void use(const TreeEntry& folder, int depth) {
    switch (judge_(folder)) {
      case FolderUse::take: found_.push_back(folder); return;
      case FolderUse::pass_over: return;
      case FolderUse::search:
        if (depth < deepest_) enter(folder.path, folder.name + "/", depth + 1);
    }
  }

  /// False when the folder was searched before, or cannot be examined.
  bool is_new(const fs::path& folder) {
    struct stat status {};
    return ::stat(folder.c_str(), &status) == 0 && searched_.emplace(status.st_dev, status.st_ino).second;
  }

  const int deepest_;
  const std::function<FolderUse(const TreeEntry&)>& judge_;
  std::set<std::pair<dev_t, ino_t>> searched_;
  std::vector<TreeEntry> found_;
};

}  // namespace

std::vector<TreeEntry> search_tree(const fs::path& root, int deepest,
                                   const std::function<FolderUse(const TreeEntry&)>& judge) {
  Search search(deepest, judge);
  search.enter(root, "", 1);
  return search.take();
}

}  // namespace alice
