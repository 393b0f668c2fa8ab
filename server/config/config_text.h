#pragma once
// A configuration file's bytes, made into text that can be trusted to be text.

#include <filesystem>
#include <string>

#include "core/base/error.h"

namespace alice {

/// A configuration is written by hand: one that is larger is something else.
constexpr size_t kLargestConfig = 1u << 20;

/// The bytes of a file or pipe, at most kLargestConfig of them. Throws Error(bad_config, name): not there, a folder,
/// not readable, too large.
std::string read_config_bytes(const std::filesystem::path& file, const std::string& name);

/// Valid UTF-8 without byte order mark, every line ended by "\n", no control characters but tab and line feed. Throws
/// Error(bad_config) at "name:line:column" where `bytes` is no such text.
std::string clean_config_text(std::string bytes, const std::string& name);

/// "name:line:column", from 1, of a byte of `text`; columns are counted in bytes.
std::string place_in_text(const std::string& name, const std::string& text, size_t offset);

}  // namespace alice
