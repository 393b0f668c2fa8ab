#pragma once
// How many files this process may have open.

#include <cstdint>

namespace alice {

/// Raises the limit of open files as far as the system lets an ordinary process, and returns what it is then.
int64_t raise_file_limit();

/// How many connections fit under a limit of open files, leaving room for the database, the workers and pictures:
/// accept() must never fail for want of a descriptor. At least 1.
int64_t connections_within(int64_t file_limit, int64_t wanted);

}  // namespace alice
