#pragma once
// The commands' end of the control socket.

#include <filesystem>
#include <optional>

#include "core/base/error.h"
#include "core/base/json.h"

namespace alice {

/// What the server of a data folder answers; nothing when none runs there. Throws the Error that the server answers;
/// Error(storage_failed) when it may not be asked or does not answer.
std::optional<Json> ask_server(const std::filesystem::path& folder, const Json& question);

/// {"error": {"code", "place", "sentence"}}
Json control_error(const Error& error);

}  // namespace alice
