#pragma once
// Carries out checks in this process, which the plugin may end: the child's side.

#include <filesystem>

#include "sdk/check/check.h"

namespace alice::check {

/// Where the child finds its end of the socket to the supervisor. Messages both ways are lines of JSON.
constexpr int kSocket = 3;

/// Answers the supervisor until it closes the socket:
///   {"list": true} -> {"id", "version", "subjects": [{"kind", "id"}]} or {"error": sentence}
///   {"neighbours": folder} -> {"taken": sentences}, as taken_names(), or {"error": sentence}
///   {"check": name, "kind", "id", "seed", "config_folder", "lora_names", "orders"} -> {"passed", "seen", "threw"}
/// `memory_limit` is what this process may take besides what it has now, in bytes. Returns the exit code.
int run_checks_in_child(const std::filesystem::path& file, size_t memory_limit);

/// One check, here and now.
struct Outcome {
  bool passed = false;
  std::string seen;  ///< what was wrong, or a note
  bool threw = false;  ///< the plugin's code did
};
Outcome run_check(const Check& check, const Case& it);

}  // namespace alice::check
