#pragma once
// A search through a folder of models or LoRAs.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace alice {

struct TreeEntry {
  std::filesystem::path path;
  std::string name;  ///< below the folder that was searched, "/" between its steps
  bool is_folder = false;
};

/// What to do with a folder that is met.
enum class FolderUse { search, take, pass_over };

/// What lies in `root` down to `deepest` levels (1: in itself): every file, and each folder that `judge` wants taken.
/// Hidden entries are passed over; so is a folder that was searched before under another name (links may lead in
/// circles; real folders are searched before links to them). Sorted by name. Links that lead nowhere count as files.
/// What cannot be read is empty. Nothing is opened. Throws what `judge` throws; any thread.
std::vector<TreeEntry> search_tree(const std::filesystem::path& root, int deepest,
                                   const std::function<FolderUse(const TreeEntry&)>& judge);

}  // namespace alice
