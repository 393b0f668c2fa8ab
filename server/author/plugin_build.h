#pragma once
// An author's project, built by cmake in its folder `build`.

#include <filesystem>
#include <string>
#include <vector>

namespace alice {

/// Configures and builds. `package`: where CMake's package ALICE lies; "" leaves that to cmake. What cmake says is
/// kept, and shown on standard error when it fails. Throws Error(bad_request) when `project` has no CMakeLists.txt,
/// Error(not_found) without cmake, Error(internal) when it fails, with what is missing where its words tell that.
/// Returns the build folder, absolute.
std::filesystem::path build_project(const std::filesystem::path& project, const std::filesystem::path& package);

/// The one plugin library that was built there. Throws Error(bad_request) when there is none, or are more.
std::filesystem::path built_plugin(const std::filesystem::path& build);

/// How the project itself wants its library checked: the words behind the library in its first test that is `alice
/// plugin check` of it, and the folder that they are meant in.
struct CheckWords {
  std::vector<std::string> words;
  std::filesystem::path folder;
};
CheckWords check_words(const std::filesystem::path& build, const std::filesystem::path& library);

}  // namespace alice
