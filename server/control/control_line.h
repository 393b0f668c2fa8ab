#pragma once
// What both ends of the control socket need.

#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <optional>
#include <string>

namespace alice {

/// A descriptor that is closed at its end.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  const int number_;
};

/// Of the socket in an open folder: by the descriptor, since addresses have room for 107 bytes and folders have not.
sockaddr_un control_address(int folder);
int open_folder(const std::filesystem::path& folder);
void set_patience(int socket, int seconds);

/// Up to its line feed, which is left out; nothing when none comes, or not in time.
std::optional<std::string> read_line(int socket, size_t most);
/// False when it could not be sent.
bool write_line(int socket, std::string text);

}  // namespace alice
