#include "server/front/http/made_answer.h"

#include <exception>
#include <string>
#include <utility>
#include <variant>

namespace alice {

void check_room_for_long_answer(const FrontContext& context) {
  constexpr int64_t kMostWaiting = 64;
  if (context.helper->waiting() < kMostWaiting) return;
  ApiError error(503, to_string(ErrorCode::busy), "too many long answers are asked for at once");
  error.again = true;
  error.headers.emplace_back("Retry-After", "1");
  throw error;
}

void send_made(const FrontContext& context, const std::shared_ptr<Exchange>& exchange, int status, bool is_long,
               std::function<Json()> make, Headers headers) {
  if (!is_long) return exchange->send_json(status, make(), std::move(headers));
  exchange->on_closed([exchange] {});  // it lives until it is answered or the client leaves
  headers.insert(headers.end(), {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}});
  context.helper->post([loop = context.loop, waiting = std::weak_ptr<Exchange>(exchange), status,
                        make = std::move(make), headers = std::move(headers)] {
    auto outcome = std::make_shared<std::variant<std::exception_ptr, std::string>>();
    try {
      *outcome = dump_json(make());
    } catch (...) {
      *outcome = std::current_exception();
    }
    loop->post([waiting, status, headers, outcome] {
      const auto alive = waiting.lock();
      if (!alive) return;
      alive->guard([&] {
        if (const auto* fault = std::get_if<std::exception_ptr>(outcome.get())) std::rethrow_exception(*fault);
        alive->send(status, headers, std::move(std::get<std::string>(*outcome)));
      });
    });
  });
}

}  // namespace alice
