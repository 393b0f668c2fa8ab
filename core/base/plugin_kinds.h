#pragma once
// The kinds of plugins: the table plugin_kinds.json, which everything that lists kinds reads, in C++, CMake and Python.
// tests/checks/kinds.py says what else a kind needs.

#include <string>
#include <vector>

namespace alice {

struct PluginKind {
  std::string name;   ///< of its interface (F::kKind), configuration, commands, checks and templates: "text_encoder"
  std::string words;  ///< in sentences: "text encoder"
};

/// In the order of lists. Any thread.
const std::vector<PluginKind>& plugin_kinds();
std::vector<std::string> plugin_kind_names();
/// Throws Error(unsupported), as of a plugin that enrols it, for a name that is no kind's.
const PluginKind& plugin_kind(const std::string& name);

}  // namespace alice
