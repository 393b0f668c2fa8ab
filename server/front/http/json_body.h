#pragma once
// The JSON object that a request brings.

#include <string>

#include "core/base/json.h"

namespace alice {

/// Throws ApiError 400: no JSON, nested deeper than 64, more than 10,000 values (a few bytes each can cost thirty times
/// as many), or no object.
Json read_json_body(const std::string& body);

}  // namespace alice
