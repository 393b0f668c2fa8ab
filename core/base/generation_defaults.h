#pragma once
// What a request means where neither it nor its model says anything.

#include <cstdint>
#include <optional>

#include "core/base/generate_request.h"

namespace alice {

// What counts when the configuration says nothing either.
inline constexpr int64_t kDefaultSteps = 25;
inline constexpr double kDefaultGuidance = 7.5;
inline constexpr double kDefaultGuidanceStart = 0, kDefaultGuidanceEnd = 1;
inline constexpr int64_t kDefaultDeepcacheInterval = 1;
inline constexpr double kDefaultTokenMerging = 0;

/// The above, as a request. `native_side`: pixels, of a model; absent: both sides stay open.
GenerateRequest built_in_defaults(std::optional<int64_t> native_side = std::nullopt);

/// `request` with what it leaves open taken from `defaults`: its optional fields but the seed, an empty negative prompt
/// or scheduler, a clip_skip of 0.
GenerateRequest with_defaults(GenerateRequest request, const GenerateRequest& defaults);

/// `defaults` over the built-in ones, by the requests' names ("steps", ...), for clients. A side that is null is the
/// model's native one, an empty scheduler the model's own.
Json describe_defaults(const GenerateRequest& defaults);

}  // namespace alice
