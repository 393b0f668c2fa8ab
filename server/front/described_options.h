#pragma once
// Options as a worker describes them, for checks in a process that has loaded no plugin.

#include <vector>

#include "core/base/options.h"

namespace alice {

/// A list of what OptionSpec::to_json() gives. An entry that is none is passed over.
std::vector<OptionSpec> read_option_specs(const Json& list);

}  // namespace alice
