#pragma once
// Runs the catalogue over a library, in child processes: whatever the plugin does, the checker lives and names it.

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "sdk/check/report.h"

namespace alice::check {

struct CheckOrder {
  std::filesystem::path file;
  std::string only;                  ///< a check ("scheduler/plan-falls"), or a group of them ("scheduler"); "" for all
  std::chrono::seconds timeout{60};  ///< of each check
  int64_t memory_mib = 4096;         ///< that a child may take
  uint64_t seed = 0;
  std::filesystem::path neighbours;  ///< the plugins that it will be loaded with: a folder
  CheckSettings given;
};

/// Throws Error(bad_request) when `only` names no check.
void check_order(const CheckOrder& order);

/// One check after another, in one child for as long as it lives; after its end, or past its time, the rest run in a
/// new one. A check whose needed one did not pass is skipped. `on_result` is told of each as it ends. Where the library's
/// own checks were run, names that a neighbour has too are warnings.
CheckReport run_checks(const CheckOrder& order, const std::function<void(const Result&)>& on_result);

}  // namespace alice::check
