#pragma once
// JSON that may be long: making its text holds up the loop, and a client may ask for many.

#include <functional>
#include <memory>

#include "server/front/http/front_context.h"

namespace alice {

/// Throws ApiError 503 when so many long answers wait to be made that another would only pile up memory.
void check_room_for_long_answer(const FrontContext& context);

/// Sends what make() gives as JSON. A long answer is made on the helper's thread, so `make` holds all that it needs by
/// value. On the loop's thread.
void send_made(const FrontContext& context, const std::shared_ptr<Exchange>& exchange, int status, bool is_long,
               std::function<Json()> make, Headers headers = {});

}  // namespace alice
