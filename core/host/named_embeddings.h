#pragma once
// Which textual inversions a request's prompts name.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/host/make/script.h"

namespace alice {

/// Embeddings by the word that prompts use: a file's name without its folder and ending.
using EmbeddingFiles = std::map<std::string, std::filesystem::path>;

/// `all` as list_loras() lists them, by that word; of several files with one name the first.
EmbeddingFiles by_word(const std::map<std::string, std::filesystem::path>& all);

/// Those of `words` that the prompts of `settings` may mean: a1111 by the bare word, in letters of any case, comfyui
/// behind "embedding:", plain none; of prompts that change in `calls` calls. Words that prompts name so and that are
/// not there are told in `warnings`. Throws as moments_of() and a1111_weights().
std::vector<std::string> named_words(const Settings& settings, int64_t calls, const std::vector<std::string>& words,
                                     std::vector<std::string>& warnings);

}  // namespace alice
