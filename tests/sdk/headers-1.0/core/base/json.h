#pragma once
// Reading JSON that strangers wrote: bounded depth, readable errors, and the three words that Python adds to the
// language.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace alice {

using Json = nlohmann::json;

/// Parses `text`. `place` names it in errors. NaN, Infinity and -Infinity outside strings (Python's json module writes
/// them, so the world's scheduler_config.json files have them) become the strings "NaN", "Infinity" and "-Infinity",
/// which number options accept. Of a key that stands twice the last is kept, as Python does. Throws Error(code, place)
/// for anything else that is no JSON, and for nesting deeper than 64.
Json parse_json(std::string_view text, const std::string& place, ErrorCode code = ErrorCode::bad_weights);

/// Reads and parses a regular file of at most `limit_bytes`. Throws Error(not_found) when there is none, else
/// Error(bad_weights) naming the file; a Git LFS pointer and the like are called what they are.
Json read_json_file(const std::filesystem::path& file, size_t limit_bytes = 16u << 20);

/// One line, bad UTF-8 replaced: never throws.
std::string dump_json(const Json& value, int indent = -1);

}  // namespace alice
