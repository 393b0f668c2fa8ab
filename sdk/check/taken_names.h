#pragma once
// Names of a plugin that one of the plugins beside the program bears too.

#include <filesystem>
#include <string>
#include <vector>

#include "sdk/check/plugin_under_test.h"

namespace alice::check {

/// A sentence for each library of `folder` (its *.so files) that has an id or alias of `plugin` for a factory of the
/// same kind, letter case ignored: the loader takes the first of the two that it meets and refuses the other. Loads
/// those libraries into this process, but for `plugin`'s own file, under whatever name it lies there. Empty when there
/// is no such folder.
std::vector<std::string> taken_names(PluginUnderTest& plugin, const std::filesystem::path& folder);

}  // namespace alice::check
