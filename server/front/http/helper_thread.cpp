#include "server/front/http/helper_thread.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace alice {

HelperThread::HelperThread() : thread_([this] { work_.run(); }) {}

HelperThread::~HelperThread() {
  work_.stop();
  thread_.join();
}

void HelperThread::post(std::function<void()> work) {
  ++waiting_;
  boost::asio::post(work_, [this, work = std::move(work)] {
    work();
    --waiting_;
  });
}

}  // namespace alice
