#pragma once
// "Did you mean ...": the nearest of some names.

#include <string>
#include <string_view>
#include <vector>

namespace alice {

/// The candidate with the smallest edit distance (insert, delete, replace, swap of neighbours; case ignored), or ""
/// when none is near: more than a third of the longer name's letters would have to change.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

/// " (did you mean 'x'?)", or " (allowed: a, b, c)" when none is near; "" when there are no candidates.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace alice
