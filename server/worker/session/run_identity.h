#pragma once
// What the numbers of a run depend on, as text: runs of equal text compute the same.

#include <string>

#include "core/host/composer.h"

namespace alice {

/// This program and every library that is loaded now (the core, the plugins, libtorch and its mathematics), each with
/// its size and time of change. Ask when all plugins are loaded, and once: a file that is replaced later is not what
/// runs.
std::string loaded_programs();

/// Everything but the seed: `programs`, what the model is made of, its backend, the settings, the noise schedule,
/// the number of threads.
std::string run_identity(const std::string& programs, const PreparedRequest& prepared);

}  // namespace alice
