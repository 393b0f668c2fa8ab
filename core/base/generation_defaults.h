#pragma once
// What a request means where neither it nor its model says anything.

#include <cstdint>
#include <optional>

#include "core/base/generate_request.h"

namespace alice {

/// What counts when the configuration says nothing either: RequestField::built_in, as a request. `native_side`: pixels,
/// of a model; absent: both sides stay open.
GenerateRequest built_in_defaults(std::optional<int64_t> native_side = std::nullopt);

/// `request` with what it leaves open taken from `defaults`: the fields that somebody may say a default of.
GenerateRequest with_defaults(GenerateRequest request, const GenerateRequest& defaults);

/// `defaults` over the built-in ones, by the requests' names ("steps", ...), for clients. A side that is null is the
/// model's native one, an empty scheduler the model's own, a negative prompt that is null is none.
Json describe_defaults(const GenerateRequest& defaults);

}  // namespace alice
