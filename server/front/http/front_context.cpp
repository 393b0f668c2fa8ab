#include "server/front/http/front_context.h"

#include <algorithm>
#include <chrono>

#include "server/front/http/client_text.h"

namespace alice {

namespace {

constexpr const char* kRestingPlace = "/model";  // of busy: that model's workers rest

/// Until all groups that rest are tried again.
int64_t seconds_of_rest(const ServerState& state) {
  const auto now = std::chrono::steady_clock::now();
  int64_t longest = 1;
  for (const GroupState& group : state.groups)
    if (group.rests_until.has_value())
      longest = std::max<int64_t>(longest, std::chrono::ceil<std::chrono::seconds>(*group.rests_until - now).count());
  return longest;
}

}  // namespace

ApiError service_error(const FrontContext& context, const Error& error, const ParamOf& param_of) {
  const auto state = context.jobs.state();
  const bool is_resting = error.code() == ErrorCode::busy && error.place() == kRestingPlace;
  const int64_t again = is_resting ? seconds_of_rest(*state) : state->retry_after_s;
  ApiError answer = to_api_error(error, param_of, again);
  if (error.place() == kRequestKeyPlace) {
    answer.status = 422;  // draft-ietf-httpapi-idempotency-key-header, section 2.7
    answer.message = "the key in Idempotency-Key " + error.sentence();
    answer.param = "Idempotency-Key";
  }
  if (error.place() == kQuotaPlace) {  // OpenAI's word
    answer.code = "insufficient_quota";
    answer.again = false;
  }
  if (error.place() == kQuotaPlace || error.place() == kSharePlace) answer.param.clear();
  answer.message = without_folders(answer.message, context.facts.folders);  // no field's place is left in it by now
  if (error.code() == ErrorCode::busy && (state->draining || is_resting)) answer.status = 503;
  return answer;
}

}  // namespace alice
