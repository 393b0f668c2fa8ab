#pragma once
// The JSON object that a request brings.

#include <string>
#include <vector>

#include "core/base/json.h"

namespace alice {

/// Bytes of a string as it stands in the body: the longest field has 100,000, each of which may be an escape of six.
inline constexpr size_t kLongestString = 600'000;

/// `long_fields`: members, at any depth, whose strings, and those in their lists, may be longer. Throws ApiError 400: no
/// JSON, nested deeper than 64, more than 10,000 values (a few bytes each can cost thirty times as many), or no object.
Json read_json_body(const std::string& body, const std::vector<std::string>& long_fields = {});

}  // namespace alice
