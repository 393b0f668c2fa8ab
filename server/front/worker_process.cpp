#include "server/front/worker_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "server/worker_environment.h"

extern "C" {  // which the header of glibc 2.36 forgets to say
#include <sys/pidfd.h>
}

namespace alice {
namespace {

namespace asio = boost::asio;

/// A worker that closed its socket has so long to end by itself.
constexpr std::chrono::seconds kGrace{5};
/// A killed process is waited for so long; only one that hangs in the kernel takes longer.
constexpr int kLongestReapMs = 5000;

[[noreturn]] void fail_to_start(const std::string& program, const char* call, int code) {
  throw Error(ErrorCode::internal, program,
              std::string("the worker cannot be started: ") + call + ": " + std::generic_category().message(code));
}

/// What posix_spawn is told, freed at the end.
class SpawnOrders {
 public:
  /// `socket` becomes kLinkDescriptor.
  explicit SpawnOrders(int socket) {
    posix_spawn_file_actions_init(&files_);
    posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files_, STDERR_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files_, socket, kLinkDescriptor);
    // Libraries open descriptors without CLOEXEC; a worker that held a client's connection would keep it open.
    posix_spawn_file_actions_addclosefrom_np(&files_, kLinkDescriptor + 1);

    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnOrders() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&files_);
  }
  SpawnOrders(const SpawnOrders&) = delete;
  SpawnOrders& operator=(const SpawnOrders&) = delete;

  const posix_spawn_file_actions_t* files() const { return &files_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t files_;
  posix_spawnattr_t attributes_;
};

pid_t spawn(std::vector<std::string> arguments, int socket) {
  std::vector<std::string> environment = worker_environment();
  const SpawnOrders orders(socket);
  pid_t pid = -1;
  const int code = posix_spawn(&pid, arguments.at(0).c_str(), orders.files(), orders.attributes(),
                               null_ended(arguments).data(), null_ended(environment).data());
  if (code != 0) fail_to_start(arguments[0], "posix_spawn", code);
  return pid;
}

WorkerEnd end_of(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED)
    return {"exit " + std::to_string(info.si_status),
            "the worker ended with exit code " + std::to_string(info.si_status)};
  const char* name = sigabbrev_np(info.si_status);
  const std::string signal = name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(info.si_status);
  // Nobody but the kernel, in want of memory, and people send this one.
  const char* hint = info.si_status == SIGKILL ? " (the kernel sends it when memory runs out)" : "";
  return {signal, "the worker ended by " + signal + hint};
}

}  // namespace

std::shared_ptr<WorkerProcess> WorkerProcess::start(asio::io_context& io, const std::vector<std::string>& arguments,
                                                    OnMessage on_message, OnEnd on_end) {
  const std::shared_ptr<WorkerProcess> worker(
      new WorkerProcess(io, arguments, std::move(on_message), std::move(on_end)));
  worker->listen();
  worker->watch_end();
  return worker;
}

WorkerProcess::WorkerProcess(asio::io_context& io, const std::vector<std::string>& arguments, OnMessage on_message,
                             OnEnd on_end)
    : socket_(io), process_(io), grace_(io), on_message_(std::move(on_message)), on_end_(std::move(on_end)) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail_to_start(arguments[0], "socketpair", errno);
  socket_.assign(asio::local::stream_protocol(), ends[0]);
  try {
    pid_ = spawn(arguments, ends[1]);
  } catch (...) {
    ::close(ends[1]);
    throw;
  }
  ::close(ends[1]);
  const int process = pidfd_open(pid_, 0);
  if (process < 0) {
    const int code = errno;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    fail_to_start(arguments[0], "pidfd_open", code);
  }
  process_.assign(process);
}

WorkerProcess::~WorkerProcess() { stop(); }

void WorkerProcess::send(const ToWorker& message) {
  if (has_ended_) return;
  outbox_.push_back(frame(write_message(message)));
  if (outbox_.size() == 1) write();
}

void WorkerProcess::write() {
  asio::async_write(socket_, asio::buffer(outbox_.front()),
                    [self = shared_from_this()](const boost::system::error_code& fault, size_t) {
                      if (fault || self->has_ended_) return;  // the end comes by the pidfd
                      self->outbox_.pop_front();
                      if (!self->outbox_.empty()) self->write();
                    });
}

void WorkerProcess::kill(const std::string& reason, const std::string& sentence) {
  if (has_ended_ || !kill_.reason.empty()) return;
  kill_ = {reason, sentence};
  pidfd_send_signal(process_.native_handle(), SIGKILL, nullptr, 0);
}

void WorkerProcess::stop() {
  if (has_ended_) return;
  pidfd_send_signal(process_.native_handle(), SIGKILL, nullptr, 0);
  pollfd end = {process_.native_handle(), POLLIN, 0};
  while (poll(&end, 1, kLongestReapMs) < 0 && errno == EINTR) continue;
  waitpid(pid_, nullptr, WNOHANG);
  close();
}

void WorkerProcess::close() {
  has_ended_ = true;
  boost::system::error_code ignored;  // closing what is closed
  socket_.close(ignored);
  process_.close(ignored);
  grace_.cancel();
}

void WorkerProcess::listen() {
  socket_.async_read_some(asio::buffer(buffer_),
                          [self = shared_from_this()](const boost::system::error_code& fault, size_t count) {
                            if (self->has_ended_) return;
                            if (fault) return self->await_end_after_silence();
                            self->take(count);
                            if (!self->has_ended_) self->listen();
                          });
}

void WorkerProcess::await_end_after_silence() {
  grace_.expires_after(kGrace);
  grace_.async_wait([self = shared_from_this()](const boost::system::error_code& fault) {
    if (!fault) self->kill("closed its socket", "the worker closed its socket, lived on and was killed");
  });
}

void WorkerProcess::take(size_t count) {
  if (!follows_) return;
  frames_.add(buffer_.data(), count);
  while (auto message = next_message()) {
    on_message_(std::move(*message));
    if (has_ended_) return;  // stopped by the callback
  }
}

std::optional<ToFront> WorkerProcess::next_message() {
  try {
    const auto payload = frames_.next();
    return payload.has_value() ? std::optional(read_to_front(*payload)) : std::nullopt;
  } catch (const Error& e) {
    follows_ = false;
    kill("broken link", std::string("the worker said what is no message and was killed (") + e.what() + ")");
    return std::nullopt;
  }
}

void WorkerProcess::watch_end() {
  process_.async_wait(asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& fault) {
                        if (!fault) self->ended();
                      });
}

/// What the worker said before it ended and nobody has read.
void WorkerProcess::take_rest() {
  boost::system::error_code fault;
  socket_.non_blocking(true, fault);
  while (!has_ended_ && !fault) {
    const size_t count = socket_.read_some(asio::buffer(buffer_), fault);
    if (!fault) take(count);
  }
}

void WorkerProcess::ended() {
  siginfo_t info{};
  waitid(P_PIDFD, static_cast<id_t>(process_.native_handle()), &info, WEXITED);
  take_rest();
  if (has_ended_) return;
  close();
  on_end_(kill_.reason.empty() ? end_of(info) : kill_);
}

}  // namespace alice
