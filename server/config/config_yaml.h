#pragma once
// A whole configuration written out as YAML that can be read again.

#include <string>

#include "server/config/config.h"

namespace alice {

/// Every key with the value that is in force, and where it was said as a comment behind it; before all which files and
/// variables were read. Read again on the same machine it gives the same configuration.
std::string config_yaml(const Config& config);

/// A model's entry alone, below its id: what `model` has of it.
std::string model_yaml(const ModelConfig& model, const Config& config);

}  // namespace alice
