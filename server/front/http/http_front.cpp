#include "server/front/http/http_front.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "server/front/http/client_text.h"
#include "server/front/http/exchange.h"
#include "server/front/http/front_context.h"
#include "server/front/http/heap_keeper.h"
#include "server/front/http/missing_paths.h"
#include "server/front/http/openapi.h"
#include "server/front/http/page.h"
#include "server/front/http/router.h"
#include "server/front/http/routes.h"
#include "server/front/http/web_page.h"
#include "server/front/http/wire/transport.h"

namespace alice {
namespace {

constexpr auto kGrace = std::chrono::seconds(2);
/// Bytes of body that are kept of who will hear that a key is needed.
constexpr uint64_t kStrangersBody = 8u << 10;

uint64_t body_limit(const ServerConfig& config) { return static_cast<uint64_t>(config.max_body_mb * (1u << 20)); }

/// `router` knows all of them, this one too, by the time it is asked.
Route description_route(FrontContext& context, const Router& router) {
  const auto answer = [&context, &router](const std::shared_ptr<Exchange>& exchange) {
    const auto state = context.jobs.state();
    const std::string base = context.guard.base_url(exchange->request());
    context.kept_openapi.send(*exchange, std::to_string(state->description_version), base, [&] {
      return dump_json(
          openapi_document(router.routes(), *state, KeptText::kBaseMark, context.config.require_auth));
    });
  };
  Route route = {"GET", "/openapi.json", Access::open, answer, {"getDescription", "this description", "Description"}};
  route.level = Level::anonymous;
  return route;
}

std::vector<Route> page_routes(FrontContext& context, const Router& router) {
  const auto answer = [&context, &router](const std::shared_ptr<Exchange>& exchange) {
    const auto state = context.jobs.state();
    const auto make = [&] {
      ServerState told = *state;
      told.description = json_without_folders(std::move(told.description), context.facts.folders);
      return page_of(router.routes(), told, KeptText::kBaseMark);
    };
    context.kept_page.send(
        *exchange, std::to_string(state->description_version), context.guard.base_url(exchange->request()), make,
        {{"Content-Type", "text/html; charset=utf-8"},
         {"Content-Security-Policy", "default-src 'none'; sandbox allow-top-navigation-by-user-activation"}});
  };
  const auto start = [answer](const std::shared_ptr<Exchange>& exchange) {
    wants_web_page(exchange->request()) ? send_web_page(*exchange) : answer(exchange);
  };
  std::vector<Route> routes = {
      {"GET", "/", Access::open, start, {"getPage", "what is here, for people", "Page", {}, 200, "text/html"}},
      {"GET", "/docs", Access::open, answer}};
  for (Route& route : routes) route.level = Level::anonymous;
  return routes;
}

std::vector<Route> all_routes(FrontContext& context, const Router& router) {
  std::vector<Route> routes;
  for (const auto family :
       {health_routes, metrics_routes, model_routes, model_deletion_routes, openai_routes, picture_routes, job_routes,
        chat_routes, a1111_routes, comfy_routes, mcp_routes, account_routes, web_routes}) {
    std::vector<Route> more = family(context);
    routes.insert(routes.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  for (Route& page : page_routes(context, router)) routes.push_back(std::move(page));
  routes.push_back(description_route(context, router));
  return routes;
}

TransportOptions transport_options(const ServerConfig& config) {
  constexpr uint64_t kRoom = 1u << 20;
  TransportOptions options;
  options.host = config.host;
  options.port = config.port;
  options.max_connections = config.max_connections;
  options.max_connections_per_address = config.max_connections_per_address;
  options.limits.discarded_bytes = 2 * body_limit(config) + kRoom;
  options.max_incoming_bytes = 8 * options.limits.discarded_bytes;
  options.read_timeout = std::chrono::milliseconds(static_cast<int64_t>(config.read_timeout_s * 1000));
  return options;
}

/// Nothing for one that will be refused.
std::optional<HttpRequest> request_with(RawRequest head) {
  try {
    return read_request(head);
  } catch (const ApiError&) {
    return std::nullopt;
  }
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

class HttpFront::Impl {
 public:
  Impl(const ServerConfig& config, JobService& jobs, FrontFacts facts, std::shared_ptr<Accounts> accounts)
      : context_(config, jobs, std::move(facts), std::move(accounts)), router_(all_routes(context_, router_)) {
    TransportOptions options = transport_options(config);
    options.body_limit = [this](const RawRequest& head) { return body_limit_of(head); };
    options.is_probe = [this](const RawRequest& head) {
      const auto request = request_with(head);
      const Route* route = request ? route_of(*request) : nullptr;
      return route != nullptr && route->is_probe;
    };
    options.on_held_bytes = [this](uint64_t now, uint64_t highest) { heap_.look(now, highest); };
    transport_ = make_transport(std::move(options),
                                [this](IncomingRequest incoming, std::shared_ptr<ReplyStream> stream) {
                                  take(std::move(incoming), std::move(stream));
                                });
    context_.loop = transport_->loop();
    context_.open_connections = [this] { return transport_->connections(); };
  }

  Transport& transport() { return *transport_; }

 private:
  const Route* route_of(const HttpRequest& request) const { return router_.match(request.method, request.path).route; }
  uint64_t body_limit_of(const RawRequest& head) const;
  HttpRequest settled(RawRequest& raw) const;
  void take(IncomingRequest incoming, std::shared_ptr<ReplyStream> stream);
  void dispatch(const std::shared_ptr<Exchange>& exchange, const std::optional<ApiError>& refusal);
  void answer_options(Exchange& exchange, const Match& match);

  FrontContext context_;
  const Router router_;
  HeapKeeper heap_{*context_.helper};
  std::unique_ptr<Transport> transport_;  // last: its thread uses all of the above
};

uint64_t HttpFront::Impl::body_limit_of(const RawRequest& head) const {
  const auto request = request_with(head);
  const Route* route = request ? route_of(*request) : nullptr;
  const uint64_t of_route = route == nullptr ? kNoBody : route->body_limit;
  const bool is_known = request && context_.authenticator.may_send_a_body(*request);
  return std::min({of_route, body_limit(context_.config), is_known ? of_route : kStrangersBody});
}

HttpRequest HttpFront::Impl::settled(RawRequest& raw) const {
  HttpRequest request = read_request(raw);
  context_.authenticator.settle(request);
  return request;
}

void HttpFront::Impl::take(IncomingRequest incoming, std::shared_ptr<ReplyStream> stream) {
  const auto arrived = std::chrono::steady_clock::now();
  HttpRequest request;
  std::string id = request_id_of(incoming.raw), method = incoming.raw.method;
  Headers cors = context_.guard.cors_headers(incoming.raw.headers);
  std::optional<ApiError> refusal = std::move(incoming.refusal);
  try {
    if (!refusal.has_value() || !refusal->close) request = settled(incoming.raw);
  } catch (const ApiError& error) {
    refusal = error;
    request.method = method;
  }
  request.id = std::move(id);
  request.arrived = arrived;
  const auto exchange =
      std::make_shared<Exchange>(std::move(request), std::move(stream), std::move(cors), context_.counters);
  exchange->guard([&] { dispatch(exchange, refusal); });
}

void HttpFront::Impl::dispatch(const std::shared_ptr<Exchange>& exchange, const std::optional<ApiError>& refusal) {
  const HttpRequest& request = exchange->request();
  if (refusal.has_value() && request.path.empty()) throw ApiError(*refusal);
  const Match match = router_.match(request.method, request.path);
  exchange->route_is(match);
  if (match.route == nullptr || match.route->access != Access::any_name) context_.guard.check_name(request);
  if (request.method == "OPTIONS") return answer_options(*exchange, match);
  if (match.pattern.empty()) throw nothing_at(request.path);
  if (match.route == nullptr) {
    ApiError error(405, "method_not_allowed",
                   request.method + " is not possible here; " + joined(match.allowed) + " are");
    error.headers.emplace_back("Allow", joined(match.allowed));
    throw error;
  }
  if (match.route->access == Access::guarded) context_.guard.check_page(request, *match.route);
  Caller caller = context_.authenticator.admit(request, *match.route);
  if (caller.is_held_by_browser) context_.guard.check_own_page(request);
  exchange->caller_is(std::move(caller));
  exchange->bears(context_.rate_limit.count(exchange->caller(), *match.route, steady_ms()));
  if (refusal.has_value()) throw ApiError(*refusal);  // too long a body: only where one could be meant
  match.route->handler(exchange);
}

void HttpFront::Impl::answer_options(Exchange& exchange, const Match& match) {
  const bool whole_server = exchange.request().path == "*";
  if (match.pattern.empty() && !whole_server) throw nothing_at(exchange.request().path);
  const std::string methods = whole_server ? "GET, HEAD, POST, DELETE, OPTIONS" : joined(match.allowed);
  Headers headers = context_.guard.preflight_headers(exchange.request().headers, methods);
  headers.emplace_back("Allow", methods);
  exchange.send(204, std::move(headers), "");
}

HttpFront::HttpFront(const ServerConfig& config, JobService& jobs, FrontFacts facts,
                     std::shared_ptr<Accounts> accounts)
    : impl_(std::make_unique<Impl>(config, jobs, std::move(facts), std::move(accounts))) {}
HttpFront::~HttpFront() { close(); }

void HttpFront::start() { impl_->transport().start(); }
int64_t HttpFront::port() const { return impl_->transport().port(); }
void HttpFront::stop_accepting() { impl_->transport().stop_accepting(); }
void HttpFront::close() { impl_->transport().close(kGrace); }

}  // namespace alice
