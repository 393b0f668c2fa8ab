#pragma once
// One hash for the weights files of a model, or of a part: see recipe_book.h.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace alice {

/// Of a file; "" when it cannot be read.
using HashOf = std::function<std::string(const std::filesystem::path&)>;

/// 64 small hex digits: of one file its own, of several, which lie below `source`, that of a text with all of them. ""
/// when one of them cannot be read, or there is none.
std::string hash_of_files(const std::filesystem::path& source, const std::vector<std::string>& files,
                          const HashOf& hash_of);

}  // namespace alice
