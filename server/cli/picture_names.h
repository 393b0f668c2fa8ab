#pragma once
// What the files are called that `alice generate` writes.

#include <cstdint>
#include <string>

namespace alice {

/// Written in place of a name: the picture goes to standard output.
inline constexpr const char* kStandardOutput = "-";

/// The file of picture `index` of `n`: `out` itself for one, else "-index" before its extension: cat.png -> cat-0.png,
/// cat-1.png.
std::string picture_file(const std::string& out, int64_t index, int64_t n);

/// A name for the pictures of a prompt where nobody gave one: its first words and the first seed, in the working
/// folder: "a rocket, on blue" and 7 -> "a-rocket-on-blue-7.png"; the next free of "...-2.png", "...-3.png" where one
/// of its `n` files is there; `extension` ends it. Letters other than ASCII's stay as they are. Looks at the disk.
std::string chosen_name(const std::string& prompt, uint64_t seed, int64_t n, const std::string& extension = ".png");

}  // namespace alice
