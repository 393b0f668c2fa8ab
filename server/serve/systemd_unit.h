#pragma once
// A unit of systemd that starts this program from where it lies.

namespace alice {

/// Writes config/alice.service.in to standard output, completed with this program's path. Returns the exit code.
int write_systemd_unit();

}  // namespace alice
