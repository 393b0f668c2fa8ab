#pragma once
// What a request means where neither it nor its model says anything.

#include <cstdint>

#include "core/base/generate_request.h"

namespace alice {

// What counts when the configuration says nothing either.
inline constexpr int64_t kDefaultSteps = 25;
inline constexpr double kDefaultGuidance = 7.5;
inline constexpr double kDefaultGuidanceStart = 0, kDefaultGuidanceEnd = 1;
inline constexpr int64_t kDefaultDeepcacheInterval = 1;
inline constexpr double kDefaultTokenMerging = 0;

/// Every generation.default_* of `configured` over the above, by the requests' names ("steps", ...), for clients. A
/// side that is null is the model's native one, an empty scheduler the model's own.
Json describe_defaults(const GenerateRequest& configured);

}  // namespace alice
