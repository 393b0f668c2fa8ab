#pragma once
// The model of a request that names none, where the configuration names no default either.

#include <string>
#include <vector>

namespace alice {

/// The model that comes with ALICE.
inline constexpr const char* kStarterModel = "sd/emoji";

/// Of the models that there are, the one that can be meant without a word: the starter model, else the only one; ""
/// when there are none or several.
std::string implied_model(const std::vector<std::string>& ids);

}  // namespace alice
