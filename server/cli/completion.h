#pragma once
// Scripts with which a shell completes the words of a command line.

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace alice {

/// "bash", "zsh", "fish".
const std::vector<std::string>& shells();

/// The script for one of shells(): the commands and options of `app`, those of its commands behind them, and files for
/// all else. What has no help (CLI11's empty group) is left out.
std::string completion_script(const CLI::App& app, const std::string& shell);

}  // namespace alice
