#pragma once
// Where a job is, in words: the end of every sentence about what went wrong with it.

#include <optional>
#include <string>
#include <vector>

#include "server/link/message.h"

namespace alice {

/// What is known of a run.
struct Whereabouts {
  std::string model, scheduler;         ///< as requested; "": not said
  std::optional<JobProgress> progress;  ///< the last
  std::vector<std::string> plugins;     ///< whose code runs
};

/// " while it denoised, in code of the plugin samplers (step 12 of 20, sd/emoji, scheduler ddim)".
std::string in_words(const Whereabouts& where);

}  // namespace alice
