#include "server/worker/session/front_link.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

namespace alice {
namespace {

bool is_socket(int descriptor) {
  struct stat status;
  return ::fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

}  // namespace

FrontLink::FrontLink(int descriptor) : descriptor_(descriptor) {
  if (!is_socket(descriptor))
    throw Error(ErrorCode::bad_request, "work",
                "needs a socket as descriptor " + std::to_string(descriptor) + "; `alice serve` starts it with one");
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

bool FrontLink::say(const ToFront& message) {
  const std::string bytes = frame(write_message(message));
  const std::lock_guard<std::mutex> lock(writing_);
  for (std::string_view left = bytes; !left.empty();) {
    const ssize_t sent = ::send(descriptor_, left.data(), left.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    left.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::optional<ToWorker> FrontLink::hear() {
  std::array<char, 64 << 10> buffer;
  while (true) {
    if (const auto payload = reader_.next()) return read_to_worker(*payload);
    const ssize_t count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;  // a reset is an end, too
    reader_.add(buffer.data(), static_cast<size_t>(count));
  }
}

}  // namespace alice
