#pragma once
// Opens plugin libraries. The only user of Boost.DLL.

#include <filesystem>
#include <string>
#include <vector>

#include "core/api/plugin.h"

namespace alice {

/// The entry symbol that this host takes: "alice_plugin_1_torch1_13_cxx11".
std::string host_entry_symbol();

/// The symbols that others may bind to, read from the file: nothing of it is loaded. Throws Error(not_found) when there
/// is no such file, Error(unsupported) when it is no ELF library or a damaged one. Any thread.
std::vector<std::string> exported_symbols(const std::filesystem::path& file);

/// Throws as load_plugin() does when `file` has not this host's entry symbol; nothing of it is loaded. Any thread.
void check_plugin_abi(const std::filesystem::path& file);

/// Looks into a library's symbol table, loads it only when its entry symbol is the host's, and returns its entry, which
/// stays valid for the life of the process (plugins are never unloaded). No code of the library runs before the symbol
/// is checked, nor when it needs a symbol that is not there. Throws Error(not_found) when there is no such file,
/// Error(unsupported) with a sentence that names both sides and the cure otherwise. Call from one thread at a time.
const PluginEntry& load_plugin(const std::filesystem::path& file);

}  // namespace alice
