#include "core/base/lora_catalogue.h"

#include <algorithm>

#include "core/base/model_tree.h"
#include "core/base/tensor_files.h"

namespace alice {
namespace {

constexpr int kDeepest = 4;

}  // namespace

std::map<std::string, std::filesystem::path> list_loras(const std::filesystem::path& folder) {
  std::map<std::string, std::filesystem::path> loras;
  std::vector<TreeEntry> files = search_tree(folder, kDeepest, [](const TreeEntry&) { return FolderUse::search; });
  std::stable_sort(files.begin(), files.end(), [](const TreeEntry& a, const TreeEntry& b) {
    return rank_of_tensor_file(a.name) < rank_of_tensor_file(b.name);
  });
  for (const TreeEntry& file : files) {
    const std::string id = without_tensor_ending(file.name);
    if (!id.empty()) loras.emplace(loras.count(id) ? file.name : id, file.path);
  }
  return loras;
}

}  // namespace alice
