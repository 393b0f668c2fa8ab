#include "server/control/control_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "core/base/storage.h"
#include "server/control/control_client.h"
#include "server/control/control_line.h"

namespace alice {
namespace {

constexpr int kPatienceS = 5, kWaiting = 8;

/// The kernel says who they are.
bool may_ask(int client) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == ::geteuid() || peer.uid == 0);
}

int bound_socket(int folder) {
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = control_address(folder);
  ::unlinkat(folder, kControlSocket, 0);
  if (listener >= 0 && ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::fchmodat(folder, kControlSocket, S_IRUSR | S_IWUSR, 0) == 0 && ::listen(listener, kWaiting) == 0)
    return listener;
  const int why = errno;
  ::close(listener);
  errno = why;
  return -1;
}

}  // namespace

ControlServer::ControlServer(const std::filesystem::path& folder, std::function<Json(const Json&)> answer)
    : answer_(std::move(answer)), folder_(open_folder(folder)) {
  if (folder_ >= 0) listener_ = bound_socket(folder_);
  stop_ = ::eventfd(0, EFD_CLOEXEC);
  if (listener_ < 0 || stop_ < 0) {
    const int why = errno;
    for (const int descriptor : {folder_, listener_, stop_})
      if (descriptor >= 0) ::close(descriptor);
    throw storage_error((folder / kControlSocket).string(), "the socket for `alice keys` cannot be made", why);
  }
  thread_ = std::thread([this] { run(); });
}

ControlServer::~ControlServer() {
  ::eventfd_write(stop_, 1);
  thread_.join();
  ::unlinkat(folder_, kControlSocket, 0);
  for (const int descriptor : {folder_, listener_, stop_}) ::close(descriptor);
}

void ControlServer::run() {
  sigset_t all;  // signals are the main thread's
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::array<pollfd, 2> sources = {{{listener_, POLLIN, 0}, {stop_, POLLIN, 0}}};
  while (::poll(sources.data(), sources.size(), -1) >= 0 || errno == EINTR) {
    if ((sources[1].revents & POLLIN) != 0) return;
    if ((sources[0].revents & POLLIN) == 0) continue;
    const Descriptor client(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (client.number() >= 0) serve(client.number());
  }
}

void ControlServer::serve(int client) const {
  set_patience(client, kPatienceS);
  if (!may_ask(client)) return;
  const auto question = read_line(client, kLongestControlLine);
  if (!question) return;
  Json answer;
  try {
    answer = answer_(Json::parse(*question));
  } catch (const Error& e) {
    answer = control_error(e);
  } catch (const std::exception& e) {
    answer = control_error(Error(ErrorCode::internal, "", e.what()));
  }
  write_line(client, dump_json(answer));
}

}  // namespace alice
