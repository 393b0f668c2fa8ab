#pragma once
// The first stop of a picture: prompts to conditioning.

#include <string>
#include <vector>

#include "core/host/course.h"
#include "core/host/model.h"
#include "core/host/settings.h"

namespace alice {

/// Text to conditioning for `batch` pictures, in the rows that guide() wants: with two passes the negative prompt's,
/// then those of the prompt's parts. What is not used of a prompt that is too long is added to `warnings`. Throws
/// Error(bad_request) for a weight that is none and for prompts that change too often, and PluginFault.
Course encode(const Model& model, const Settings& settings, int64_t batch, std::vector<std::string>& warnings);

}  // namespace alice
