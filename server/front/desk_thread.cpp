#include "server/front/desk_thread.h"

#include <signal.h>
#include <spdlog/spdlog.h>

#include <exception>

namespace alice {

void DeskThread::start() {
  thread_ = std::thread([this] { run(); });
}

void DeskThread::run() {
  // Signals are the main thread's. Blocked, SIGXFSZ and SIGPIPE leave an error where they would have ended the process.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (!io_.stopped()) {
    try {
      io_.run();
    } catch (const std::exception& e) {  // a fault of ours or of a callback: everything else goes on
      spdlog::critical("a fault at the job desk: {}", e.what());
    }
  }
}

}  // namespace alice
