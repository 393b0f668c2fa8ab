#pragma once
// The keys of the sections that are neither the server's nor a worker group's.

#include <string>
#include <vector>

#include "core/base/options.h"
#include "server/logging.h"

namespace alice {

const OptionTable<LoggingConfig>& logging_options();  ///< logging:

/// The members of GenerateRequest that generation.default_* sets.
const std::vector<std::string>& general_default_names();
/// Those that a model's `defaults` sets.
const std::vector<std::string>& model_default_names();

}  // namespace alice
