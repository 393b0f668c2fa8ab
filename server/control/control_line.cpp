#include "server/control/control_line.h"

#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "server/control/control_server.h"

namespace alice {

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

sockaddr_un control_address(int folder) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", folder, kControlSocket);
  return address;
}

int open_folder(const std::filesystem::path& folder) {
  return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void set_patience(int socket, int seconds) {
  const timeval patience = {seconds, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

std::optional<std::string> read_line(int socket, size_t most) {
  std::string line;
  std::array<char, 4096> buffer;
  while (line.size() <= most) {
    const ssize_t count = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (count <= 0) return std::nullopt;
    line.append(buffer.data(), static_cast<size_t>(count));
    if (const size_t end = line.find('\n'); end != line.npos) return line.substr(0, end);
  }
  return std::nullopt;
}

bool write_line(int socket, std::string text) {
  text += '\n';
  for (size_t sent = 0; sent < text.size();) {
    const ssize_t count = ::send(socket, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return false;
    sent += static_cast<size_t>(count);
  }
  return true;
}

}  // namespace alice
