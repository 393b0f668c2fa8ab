#pragma once
// server.blocked_words_file.

#include "server/config/config.h"

namespace alice {

/// Adds the file's words to server.blocked_words: a line each, without blanks at its ends; empty ones and those that
/// begin with # are none. What cannot be read is a fault; words without block_nsfw, and the other way round, a warning.
void settle_blocked_words(Config& config, Faults& faults);

}  // namespace alice
