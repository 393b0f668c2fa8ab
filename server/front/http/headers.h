#pragma once
// Header fields of HTTP, in the order of the wire.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alice {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// ASCII alone: header names and the values compared here have no other letters.
std::string lower_case(std::string_view text);
bool same_ignoring_case(std::string_view a, std::string_view b);
/// Without blanks and tabs at either end.
std::string_view trimmed(std::string_view text);
/// The parts between `separator`s, trimmed; empty ones are left out.
std::vector<std::string_view> split_list(std::string_view text, char separator = ',');

/// The first field of that name, in any case of letters; nullptr when there is none.
const std::string* find_header(const Headers& headers, std::string_view name);
size_t count_headers(const Headers& headers, std::string_view name);

}  // namespace alice
