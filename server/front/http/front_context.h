#pragma once
// What handlers are given. Everything here outlives them; they run on the loop's thread.

#include <memory>
#include <string>

#include "core/base/json.h"
#include "server/config/server_config.h"
#include "server/front/http/api_error.h"
#include "server/front/http/authenticator.h"
#include "server/front/http/event_loop.h"
#include "server/front/http/exchange.h"
#include "server/front/http/helper_thread.h"
#include "server/front/http/http_front.h"
#include "server/front/http/kept_text.h"
#include "server/front/http/picture_urls.h"
#include "server/front/http/rate_limit.h"
#include "server/front/http/request_counters.h"
#include "server/front/http/site_guard.h"
#include "server/front/job_service.h"

namespace alice {

struct FrontContext {
  FrontContext(const ServerConfig& config, JobService& jobs, FrontFacts facts, std::shared_ptr<Accounts> accounts)
      : config(config),
        jobs(jobs),
        facts(std::move(facts)),
        guard(config),
        accounts(accounts),
        signer(config, accounts),
        authenticator(config, accounts, signer),
        rate_limit(config.requests_per_minute) {}

  /// Of the pictures in the answer to `request`.
  PictureUrls picture_urls(const HttpRequest& request) const { return {guard.base_url(request), &signer}; }

  const ServerConfig config;
  JobService& jobs;
  const FrontFacts facts;
  const SiteGuard guard;
  const std::shared_ptr<Accounts> accounts;  ///< null where there are none
  const UrlSigner signer;
  Authenticator authenticator;
  RateLimit rate_limit;
  RequestCounters counters;
  KeptText kept_models, kept_plugins, kept_openapi, kept_page;
  std::shared_ptr<EventLoop> loop;
  const std::unique_ptr<HelperThread> helper = std::make_unique<HelperThread>();  ///< for what would hold up the loop
  std::function<int64_t()> open_connections;
  int64_t event_streams = 0;  ///< open now
};

/// The answer to what the service refuses: busy is 429 and says when to try again, or 503 while the server drains or
/// the workers of the model rest.
ApiError service_error(const FrontContext& context, const Error& error, const ParamOf& param_of);

/// `then`, as the job service calls it on its own thread, on the loop's instead.
template <class T>
Then<T> on_loop(const FrontContext& context, Then<T> then) {
  return [loop = context.loop, then = std::move(then)](Outcome<T> outcome) {
    loop->post([then, outcome = std::move(outcome)]() mutable { then(std::move(outcome)); });
  };
}

/// For handlers that ask the service one thing: `reply` gets the exchange and what the service gave, on the loop's
/// thread; an error is answered, in the client's spelling of fields. It must not hold the exchange itself:
/// the service may let go of it on any thread and at any time, when the connection below may be gone.
template <class T, class Reply>
Then<T> answering(const FrontContext& context, const std::shared_ptr<Exchange>& exchange, Reply reply,
                  ParamOf param_of = pointer_to_param) {
  exchange->on_closed([exchange] {});  // it lives until it is answered or the client leaves
  return on_loop<T>(context, [&context, waiting = std::weak_ptr<Exchange>(exchange), reply = std::move(reply),
                              param_of = std::move(param_of)](const Outcome<T>& outcome) {
    const auto alive = waiting.lock();
    if (!alive) return;
    alive->guard([&] {
      if (const auto* error = std::get_if<Error>(&outcome)) throw service_error(context, *error, param_of);
      reply(alive, std::get<T>(outcome));
    });
  });
}

}  // namespace alice
