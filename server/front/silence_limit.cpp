#include "server/front/silence_limit.h"

namespace alice {

void SilenceLimit::set(const std::shared_ptr<WorkerProcess>& process, std::chrono::milliseconds time,
                       const std::string& reason, const std::string& sentence) {
  clear();
  is_set_ = true;
  timer_.expires_after(time);
  timer_.async_wait([round = round_, mine = *round_, worker = std::weak_ptr(process), reason,
                     sentence](const boost::system::error_code& fault) {
    const auto late = worker.lock();
    if (!fault && *round == mine && late != nullptr) late->kill(reason, sentence);
  });
}

void SilenceLimit::clear() {
  ++*round_;
  is_set_ = false;
  timer_.cancel();
}

}  // namespace alice
