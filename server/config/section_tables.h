#pragma once
// The keys of the sections that are neither the server's nor a worker group's.

#include "core/base/options.h"
#include "server/logging.h"

namespace alice {

const OptionTable<LoggingConfig>& logging_options();  ///< logging:

}  // namespace alice
