#include "server/front/http/caller.h"

#include "server/front/http/exchange.h"

namespace alice {

void sign(JobRequest& request, const Exchange& exchange) {
  request.request_id = exchange.request().id;
  request.owner = exchange.caller().owner;
}

}  // namespace alice
