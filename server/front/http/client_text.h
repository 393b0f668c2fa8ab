#pragma once
// Texts of ours that strangers read. They say which file is meant, not where this machine keeps it: folders tell names
// of users and what else there is. The log has the whole path.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace alice {

/// `text` with every absolute path shortened: one in a folder of `roots` to what stands below it ("emoji/unet/x.json"),
/// any other to its last part ("x.json"). A path begins with a slash that no letter, digit, dot or colon stands before
/// (so "http://a/b" and "sd/emoji" are none), and has a second slash.
std::string without_folders(std::string_view text, const std::vector<std::filesystem::path>& roots);

/// The same for every string in `json`, names of members aside.
Json json_without_folders(Json json, const std::vector<std::filesystem::path>& roots);

}  // namespace alice
