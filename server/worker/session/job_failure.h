#pragma once
// Whatever ended a job, as the front is told.

#include <exception>

#include "server/link/message.h"

namespace alice {

/// Of an Error: its code, place and sentence; of a plugin's fault (core/host/plugin_call.h): internal, and a sentence
/// that names it. Of want of memory, the standard library's or libtorch's: out_of_memory. Of anything else, a plugin's
/// own types among it: internal, with a sentence that repeats nothing of its text, which may hold addresses and code; that
/// text goes to the log. `where`: in_words(Whereabouts), the sentence's end. Never throws.
JobFailed failure_of(const JobRun& run, const std::exception_ptr& thrown, const std::string& where = "");

}  // namespace alice
