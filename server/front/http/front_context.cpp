#include "server/front/http/front_context.h"

namespace alice {

ApiError service_error(const FrontContext& context, const Error& error, const ParamOf& param_of) {
  const auto state = context.jobs.state();
  ApiError answer = to_api_error(error, param_of, state->retry_after_s);
  if (error.code() == ErrorCode::busy && state->draining) answer.status = 503;
  return answer;
}

}  // namespace alice
