#pragma once
// Paths that stand in the text of a model's files, which strangers wrote.

#include <filesystem>
#include <string>

namespace alice {

/// What the text of a file in `folder` means by `name`: a path from that folder, or an absolute one. It must stay in
/// `root`, or within the same "models--..." folder of a Hugging Face cache as `folder`; else, and for "", the result is
/// empty. Judged by names: "..", where it stands, is taken back with the name before it, never asked of the disk; real
/// links on the way are followed when the result is opened, as whoever runs ALICE made them. Nothing need be there.
std::filesystem::path named_within(const std::filesystem::path& root, const std::filesystem::path& folder,
                                   const std::string& name);

}  // namespace alice
