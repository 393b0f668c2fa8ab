#pragma once
// The name that a request bears in its answer (x-request-id), in the log and in its job.

#include <string>
#include <string_view>

namespace alice {

/// 1 to 128 characters of [A-Za-z0-9._-]: what is taken over from a client.
bool is_request_id(std::string_view text);
/// 32 small hex digits, drawn.
std::string make_request_id();

}  // namespace alice
