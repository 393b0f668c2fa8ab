#pragma once
// What tells one state of plugin libraries from another, without reading them.

#include <filesystem>
#include <string>
#include <vector>

namespace alice {

/// Of every library that `plugins` (files, and folders that stand for the *.so files in them) come to: path, time of
/// change, size and number on the disk. Another text when one was written to, replaced, has come or gone.
std::string plugin_files_stamp(const std::vector<std::filesystem::path>& plugins);

}  // namespace alice
