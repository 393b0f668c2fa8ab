#include "sdk/check/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "core/base/error.h"
#include "sdk/check/runner.h"

namespace alice::check {
namespace {

constexpr auto kPause = std::chrono::milliseconds(5);

[[noreturn]] void no_process(const char* what) {
  throw Error(ErrorCode::internal, what, std::string("no process for the checks: ") + ::strerror(errno));
}

std::string end_text(int status) {
  if (WIFSIGNALED(status)) {
    const char* name = ::sigabbrev_np(WTERMSIG(status));
    const std::string text = name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(WTERMSIG(status));
    return "the plugin's process was ended by " + text +
           (WTERMSIG(status) == SIGKILL ? ", as the system does when memory runs out" : "");
  }
  return "the plugin ended its process: exit(" + std::to_string(WEXITSTATUS(status)) + ")";
}

std::string timeout_text(std::chrono::seconds timeout) {
  return "did not end within " + std::to_string(timeout.count()) + " s (--timeout)";
}

}  // namespace

Child::Child(const std::filesystem::path& plugin, int64_t memory_mib) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) no_process("socketpair");
  const std::string file = plugin.string(), memory = std::to_string(memory_mib);
  const char* const words[] = {"alice-worker", "plugin",       "run-checks", file.c_str(),
                               "--memory",     memory.c_str(), nullptr};
  process_ = ::fork();
  if (process_ < 0) no_process("fork");
  if (process_ == 0) {  // only what is safe after fork()
    ::setpgid(0, 0);    // with whatever it starts, so that all of it can be ended
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    if (pair[1] == kSocket)
      ::fcntl(kSocket, F_SETFD, 0);
    else
      ::dup2(pair[1], kSocket);
    ::execv("/proc/self/exe", const_cast<char* const*>(words));
    ::_exit(127);
  }
  ::close(pair[1]);
  socket_ = pair[0];
}

Child::~Child() {
  if (socket_ >= 0) ::close(socket_);
  if (process_ < 0) return;
  ::kill(-process_, SIGKILL);
  ::kill(process_, SIGKILL);  // the group may not be there yet
  ::waitpid(process_, nullptr, 0);
}

Child::Reply Child::ask(const std::string& line, std::chrono::seconds timeout) {
  const auto limit = Clock::now() + timeout;
  const std::string bytes = line + "\n";
  if (::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
    return {"", how_it_ended(limit, timeout)};
  for (;;) {
    if (const size_t end = received_.find('\n'); end != std::string::npos) {
      Reply reply{received_.substr(0, end), ""};
      received_.erase(0, end + 1);
      return reply;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(limit - Clock::now());
    pollfd readable = {socket_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) <= 0) {
      if (Clock::now() < limit && errno == EINTR) continue;
      ::kill(-process_, SIGKILL);
      return {"", timeout_text(timeout), true};
    }
    char buffer[4096];
    const ssize_t count = ::recv(socket_, buffer, sizeof buffer, 0);
    if (count <= 0) return {"", how_it_ended(limit, timeout)};
    received_.append(buffer, static_cast<size_t>(count));
  }
}

std::string Child::let_end(std::chrono::seconds timeout) {
  ::shutdown(socket_, SHUT_WR);
  const std::optional<int> status = wait_for_end(Clock::now() + timeout);
  if (!status) return timeout_text(timeout);
  return WIFEXITED(*status) && WEXITSTATUS(*status) == 0 ? "" : end_text(*status);
}

std::string Child::how_it_ended(Clock::time_point limit, std::chrono::seconds timeout) {
  const std::optional<int> status = wait_for_end(limit);
  return status ? end_text(*status) : timeout_text(timeout);
}

std::optional<int> Child::wait_for_end(Clock::time_point limit) {
  int status = 0;
  while (::waitpid(process_, &status, WNOHANG) == 0) {
    if (Clock::now() >= limit) {
      ::kill(-process_, SIGKILL);
      return std::nullopt;
    }
    std::this_thread::sleep_for(kPause);
  }
  process_ = -1;
  return status;
}

}  // namespace alice::check
