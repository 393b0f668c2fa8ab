#pragma once
// What tells two versions of a file apart without reading it.

#include <filesystem>
#include <string>

namespace alice {

/// The path with the file's time of change, size and number on the disk: another one when the file was written to,
/// replaced, or has come or gone. Links are followed.
std::string file_stamp(const std::filesystem::path& file);

/// The stamps of everything in a folder and in the folders in it, or of what is no folder.
std::string tree_stamp(const std::filesystem::path& path);

}  // namespace alice
