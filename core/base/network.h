#pragma once
// Addresses of the internet, and networks of them.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace alice {

/// An address, or all that begin with the same bits. IPv4 ones are ::ffff:0:0/96 of IPv6 (RFC 4291, section 2.5.5.2),
/// so that 127.0.0.1 and ::ffff:127.0.0.1 are the same.
class Network {
 public:
  /// "127.0.0.1", "::1", "10.0.0.0/8", "fd00::/8". Nothing for what is none, also where a network's address goes on
  /// behind its bits (10.0.0.1/8).
  static std::optional<Network> from(const std::string& text);

  bool contains(const Network& other) const;
  /// 127.0.0.0/8 and ::1.
  bool is_loopback() const;
  /// An IPv6 address's /64, which one customer has to himself; an IPv4 address itself. Text that tells them apart.
  std::string subscriber() const;

 private:
  bool is_ipv4() const;

  std::array<uint8_t, 16> bytes_{};
  int bits_ = 128;
};

}  // namespace alice
