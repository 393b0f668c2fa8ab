#include "core/base/lora_catalogue.h"

#include "core/base/model_tree.h"

namespace alice {
namespace {

constexpr int kDeepest = 4;

}  // namespace

std::map<std::string, std::filesystem::path> list_loras(const std::filesystem::path& folder) {
  std::map<std::string, std::filesystem::path> loras;
  for (const TreeEntry& file : search_tree(folder, kDeepest, [](const TreeEntry&) { return FolderUse::search; })) {
    const std::string id = without_safetensors(file.name);
    if (!id.empty()) loras.emplace(loras.count(id) ? file.name : id, file.path);
  }
  return loras;
}

}  // namespace alice
