#pragma once
// What can be told of plugin libraries without loading them.

#include <filesystem>
#include <string>
#include <vector>

namespace alice {

/// Of every library that `plugins` (files, and folders that stand for the *.so files in them) come to: path, time of
/// change, size and number on the disk. Another text when one was written to, replaced, has come or gone.
std::string plugin_files_stamp(const std::vector<std::filesystem::path>& plugins);

/// Is one of these libraries empty, all zeros, or an ELF file whose table of sections lies beyond its end? So they look
/// in the midst of linking.
bool look_half_written(const std::vector<std::filesystem::path>& plugins);

}  // namespace alice
