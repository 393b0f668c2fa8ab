#pragma once
// Which model a request means.

#include <string>

#include "core/base/json.h"

namespace alice {

/// The id of the model that `requested` names, with or without its "sd/"; for "" `default_model`, and where that is ""
/// too, the implied_model() of those that can be used. `description` is what a worker says of itself (Described in
/// server/link/message.h). Throws Error(not_found) at "/model" for one that is not there or cannot be used,
/// Error(bad_request) at "/model" when none is named and none is the obvious one.
std::string choose_model(const std::string& requested, const std::string& default_model, const Json& description);

/// The same of the model that a request names to refine another's pictures, at "/refiner". What no worker has described
/// yet is taken at its word.
std::string choose_refiner(const std::string& requested, const Json& description);

}  // namespace alice
