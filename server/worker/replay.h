#pragma once
// A picture drawn again from the recipe inside it.

#include <string>
#include <vector>

#include "core/base/recipe.h"
#include "server/cli/command_line.h"
#include "server/config/config.h"

namespace alice {

/// Reads the recipe of the picture line.from. The request of `line` becomes the recorded one, with what was typed over
/// it (line.given); `config` is made to compose the recorded model, its parts and its backend, whatever it said itself
/// of them, unless another model or --backend was typed. What is not found under its name is sought by its hash among
/// what this machine has drawn with. Throws Error(bad_request, not_found) naming what cannot be had.
Recipe apply_recorded(CommandLine& line, Config& config);

}  // namespace alice
