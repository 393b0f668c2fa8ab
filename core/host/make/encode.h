#pragma once
// The first stop of a picture: prompts to conditioning.

#include <string>
#include <vector>

#include "core/host/model.h"
#include "core/host/settings.h"

namespace alice {

/// Text to conditioning for `batch` pictures: with two passes the negative prompt's rows first, then the prompt's.
/// What was cut off of a prompt that is too long is added to `warnings`.
Conditioning encode(const Model& model, const Settings& settings, int64_t batch,
                    std::vector<std::string>& warnings);

}  // namespace alice
