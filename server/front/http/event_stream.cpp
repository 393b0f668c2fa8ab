#include "server/front/http/event_stream.h"

#include <utility>

namespace alice {
namespace {

constexpr auto kHeartbeat = std::chrono::seconds(10);

}  // namespace

std::string event_text(const std::string& name, const std::string& data, const std::string& id) {
  return (id.empty() ? "" : "id: " + id + "\n") + "event: " + name + "\ndata: " + data + "\n\n";
}

EventPen::EventPen(const FrontContext& context, std::shared_ptr<Exchange> exchange, std::string comment,
                   std::function<void()> written)
    : context_(context),
      exchange_(std::move(exchange)),
      comment_(": " + std::move(comment) + "\n\n"),
      written_(std::move(written)) {}

void EventPen::begin() {
  exchange_->begin(200,
                   {{"Content-Type", "text/event-stream; charset=utf-8"},
                    {"Cache-Control", "no-store"},
                    {"X-Accel-Buffering", "no"}},  // nginx would hold events back
                   std::nullopt);
  if (exchange_->is_head()) return finish("");
  beat();
}

void EventPen::write(std::string text) {
  writing_ = true;
  exchange_->write(std::move(text), [self = weak_from_this()](bool written) {
    const auto alive = self.lock();
    if (!alive || !written) return;
    alive->writing_ = false;
    if (!alive->left_) alive->written_();
  });
}

void EventPen::finish(std::string text) {
  leave();
  exchange_->finish(std::move(text));
}

void EventPen::beat() {
  heartbeat_ = context_.loop->after(kHeartbeat, [self = weak_from_this()] {
    const auto alive = self.lock();
    if (!alive || alive->left_) return;
    if (!alive->context_.authenticator.counts_still(alive->exchange_->request())) return alive->finish("");
    if (!alive->writing_) alive->write(alive->comment_);
    alive->beat();
  });
}

}  // namespace alice
