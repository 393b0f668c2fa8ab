#include "server/front/http/caller.h"

#include <algorithm>

#include "server/front/http/exchange.h"

namespace alice {
namespace {

std::string request_key(const HttpRequest& request) {
  constexpr size_t kMost = 255;
  const std::string* key = request.header("Idempotency-Key");
  if (key == nullptr) return "";
  const bool is_plain = std::all_of(key->begin(), key->end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (key->empty() || key->size() > kMost || !is_plain)
    throw ApiError(400, to_string(ErrorCode::bad_request),
                   "the header Idempotency-Key must be 1 to 255 visible ASCII characters", "Idempotency-Key");
  return *key;
}

}  // namespace

void sign(JobRequest& request, const Exchange& exchange) {
  request.request_id = exchange.request().id;
  request.owner = exchange.caller().owner;
  request.limits = exchange.caller().limits;
  request.key = request_key(exchange.request());
}

}  // namespace alice
