#pragma once
// Symbolic links that were written out as text.

#include <filesystem>

namespace alice {

/// Where a checkout or an archive cannot hold symbolic links, git (core.symlinks=false) and others leave a small file
/// with the link's target as its only text. Returns the file that such a file stands for: it must hold one relative
/// path, without a line end, to a regular file (through several such links, if need be). Any other path is returned as
/// it is. Never throws for what the file holds.
std::filesystem::path follow_written_link(const std::filesystem::path& file);

}  // namespace alice
