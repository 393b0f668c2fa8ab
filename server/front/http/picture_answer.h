#pragma once
// A picture's file as an answer: it never changes, so it may be kept by whoever fetched it.

#include <memory>
#include <string>

#include "server/front/http/front_context.h"

namespace alice {

/// Sends the picture of that name, as it stands in answers, if the caller may see it. Throws ApiError 404 for any other
/// name; nothing of it becomes part of a path.
void answer_picture(const FrontContext& context, const std::shared_ptr<Exchange>& exchange, const std::string& file);

}  // namespace alice
