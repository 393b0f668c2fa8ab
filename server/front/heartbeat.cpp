#include "server/front/heartbeat.h"

#include <spdlog/fmt/fmt.h>

#include <boost/asio/steady_timer.hpp>

namespace alice {
namespace {

constexpr int kMostLost = 3;

}  // namespace

/// Lives as long as somebody waits for it: a call of the timer may be on its way when the heartbeat is gone.
class Heartbeat::Beat : public std::enable_shared_from_this<Beat> {
 public:
  Beat(boost::asio::io_context& io, const std::shared_ptr<WorkerProcess>& worker, std::chrono::milliseconds period)
      : timer_(io), worker_(worker), period_(period) {}

  void wait() {
    timer_.expires_after(period_);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& fault) {
      if (!fault && !self->is_over_) self->ping();
    });
  }
  void answered() { lost_ = 0; }
  void end() {
    is_over_ = true;
    timer_.cancel();
  }

 private:
  /// A front that was itself asleep comes here once, not once for each period that it has missed.
  void ping() {
    const auto worker = worker_.lock();
    if (worker == nullptr) return;
    if (lost_++ >= kMostLost) {
      const double seconds = std::chrono::duration<double>(period_).count() * kMostLost;
      return worker->kill(kHeartbeatEnd, fmt::format("the worker answered nothing for {:g} s and was killed", seconds));
    }
    worker->send(Ping{});
    wait();
  }

  boost::asio::steady_timer timer_;
  const std::weak_ptr<WorkerProcess> worker_;
  const std::chrono::milliseconds period_;
  int lost_ = 0;  // pings without an answer
  bool is_over_ = false;
};

Heartbeat::~Heartbeat() {
  if (beat_ != nullptr) beat_->end();
}

void Heartbeat::start(boost::asio::io_context& io, const std::shared_ptr<WorkerProcess>& worker,
                      std::chrono::milliseconds period) {
  beat_ = std::make_shared<Beat>(io, worker, period);
  beat_->wait();
}

void Heartbeat::answered() {
  if (beat_ != nullptr) beat_->answered();
}

}  // namespace alice
