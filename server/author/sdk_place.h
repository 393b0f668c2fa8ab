#pragma once
// Where the SDK lies that belongs to this program, and what cmake must be told to find it.

#include <filesystem>
#include <string>

namespace alice {

/// The folder of CMake's package ALICE beside a program that lies in `program`: of an installation, or of a build
/// folder. "" when neither has one.
std::filesystem::path sdk_package(const std::filesystem::path& program);

/// Does cmake find `package` by itself, when the variable PATH is `path`? It takes the first that lies beside a folder
/// that is named there.
bool is_found_by_path(const std::filesystem::path& package, const std::string& path);

/// What is typed to configure a project with `package`: "cmake -B build ...", with the package's place where cmake does
/// not find it by itself.
std::string configure_command(const std::filesystem::path& package, const std::string& path);

}  // namespace alice
