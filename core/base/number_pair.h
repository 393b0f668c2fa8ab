#pragma once
// Two whole numbers in one text: "1024x768", "0,128".

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace alice {

/// Both of nine digits at most, and nothing else, with `between` once between them. Empty for another text.
std::optional<std::pair<int64_t, int64_t>> read_pair(const std::string& text, char between);

}  // namespace alice
