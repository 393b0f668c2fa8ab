#pragma once
// A request's JSON on its way to what a handler wants of it. What is made of a body costs time that grows with it, and
// a client may send many: only short bodies are read on the loop.

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "server/front/http/front_context.h"
#include "server/front/http/json_body.h"

namespace alice {

/// Bytes of a body that is read on the loop. At most a few hundred fields fit in, each of which may need a sentence.
inline constexpr size_t kReadOnTheLoop = 4u << 10;

/// Calls go_on(exchange, read(body)) on the loop's thread: at once for a short body, later for a longer one, which is
/// read on the helper's thread. What `read` throws is answered. It must hold nothing that belongs to the loop's thread.
template <class T>
void read_text_body(const FrontContext& context, const std::shared_ptr<Exchange>& exchange,
                    std::function<T(const std::string&)> read,
                    std::function<void(const std::shared_ptr<Exchange>&, T)> go_on) {
  auto text = std::make_shared<std::string>(exchange->take_body());
  if (text->size() <= kReadOnTheLoop) return go_on(exchange, read(*text));
  exchange->on_closed([exchange] {});  // it lives until it is answered or the client leaves
  context.helper->post([loop = context.loop, waiting = std::weak_ptr<Exchange>(exchange), text, read,
                        go_on = std::move(go_on)]() mutable {
    auto outcome = std::make_shared<std::variant<std::exception_ptr, T>>();
    try {
      *outcome = read(*text);
    } catch (...) {
      *outcome = std::current_exception();
    }
    text->clear();
    text->shrink_to_fit();
    loop->post([waiting = std::move(waiting), outcome, go_on = std::move(go_on)] {
      const auto alive = waiting.lock();
      if (!alive) return;
      alive->guard([&] {
        if (const auto* fault = std::get_if<std::exception_ptr>(outcome.get())) std::rethrow_exception(*fault);
        go_on(alive, std::move(std::get<T>(*outcome)));
      });
    });
  });
}

/// The same of a body of JSON. `read` must be free of state.
template <class T>
void read_body(const FrontContext& context, const std::shared_ptr<Exchange>& exchange, T (*read)(const Json&),
               std::function<void(const std::shared_ptr<Exchange>&, T)> go_on) {
  read_text_body<T>(
      context, exchange, [read](const std::string& text) { return read(read_json_body(text)); }, std::move(go_on));
}

}  // namespace alice
