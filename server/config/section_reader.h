#pragma once
// What the readers of all sections have in common: maps with known keys, names, paths, options with units.

#include <filesystem>
#include <string>
#include <vector>

#include "server/config/config_layer.h"

namespace alice {

/// Reads values of one layer; what is wrong is added to the faults. Lives as long as the reading takes.
class SectionReader {
 public:
  /// Relative paths are relative to `base`. All three must outlive it.
  SectionReader(const std::filesystem::path& base, const KnownFolders& folders, Faults& faults)
      : base_(base), folders_(folders), faults_(faults) {}

  /// False for null, which says nothing, and for what is no map, which is a fault.
  bool is_map(const ConfigNode& node, const std::string& what);
  /// The same; keys that are not `allowed` are faults.
  bool is_map(const ConfigNode& node, const std::string& what, const std::vector<std::string>& allowed);
  /// The string, or "" and a fault when it is none or empty.
  std::string name_in(const ConfigNode& node, const std::string& what);
  std::filesystem::path path_in(const std::string& text) const;
  /// A list of libraries and folders, or one alone; the word `default` is the program's own folder of plugins.
  std::vector<PlacedPath> plugins_in(const ConfigNode& node);

  /// Reads those members of `node` that `table` knows; the others are somebody else's. Times and sizes may be written
  /// with their units (quantity.h).
  template <class T>
  void read_options(const OptionTable<T>& table, const ConfigNode& node, T& into) {
    table.read_into(into, values_of(node, table.specs()), UnknownKeys::pass_over, node.value_places(), faults_);
  }

  Faults& faults() { return faults_; }

 private:
  Json values_of(const ConfigNode& node, const std::vector<OptionSpec>& specs);

  const std::filesystem::path& base_;
  const KnownFolders& folders_;
  Faults& faults_;
};

/// The names of a table's options.
template <class T>
std::vector<std::string> names_of(const OptionTable<T>& table) {
  std::vector<std::string> names;
  for (const OptionSpec& spec : table.specs()) names.push_back(spec.name);
  return names;
}

std::vector<std::string> joined(std::vector<std::string> first, const std::vector<std::string>& second);
bool contains(const std::vector<std::string>& names, const std::string& name);

}  // namespace alice
