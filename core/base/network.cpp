#include "core/base/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace alice {
namespace {

constexpr int kAll = 128, kOfIpv4 = 96;
constexpr std::array<uint8_t, 12> kIpv4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr size_t kSubscriberBytes = 8;

/// How many bits of an address are a network's: of "/8", or all.
std::optional<int> bits_in(const std::string& text, int all) {
  if (text.empty()) return all;
  int bits = 0;
  const char *const begin = text.data() + 1, *const end = text.data() + text.size();
  const auto read = std::from_chars(begin, end, bits);
  const bool is_number = read.ec == std::errc() && read.ptr == end && bits >= 0 && bits <= all;
  return is_number ? std::optional(bits) : std::nullopt;
}

/// Are the first `bits` alike?
bool are_alike(const std::array<uint8_t, 16>& a, const std::array<uint8_t, 16>& b, int bits) {
  const auto whole = static_cast<size_t>(bits / 8);
  if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) return false;
  const int rest = bits % 8;
  return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

}  // namespace

std::optional<Network> Network::from(const std::string& text) {
  const size_t slash = std::min(text.find('/'), text.size());
  const std::string address = text.substr(0, slash);
  Network network;
  std::array<uint8_t, 4> four;
  const bool is_four = inet_pton(AF_INET, address.c_str(), four.data()) == 1;
  if (is_four) {
    std::copy(kIpv4.begin(), kIpv4.end(), network.bytes_.begin());
    std::copy(four.begin(), four.end(), network.bytes_.begin() + kIpv4.size());
  } else if (inet_pton(AF_INET6, address.c_str(), network.bytes_.data()) != 1) {
    return std::nullopt;
  }
  const int before = is_four ? kOfIpv4 : 0;
  const auto bits = bits_in(text.substr(slash), kAll - before);
  if (!bits) return std::nullopt;
  network.bits_ = before + *bits;
  for (int bit = network.bits_; bit < kAll; ++bit)
    if ((network.bytes_[static_cast<size_t>(bit / 8)] >> (7 - bit % 8) & 1) != 0) return std::nullopt;
  return network;
}

bool Network::contains(const Network& other) const {
  return other.bits_ >= bits_ && are_alike(bytes_, other.bytes_, bits_);
}

bool Network::is_ipv4() const { return std::equal(kIpv4.begin(), kIpv4.end(), bytes_.begin()); }

bool Network::is_loopback() const {
  static const Network four = *from("127.0.0.0/8"), six = *from("::1");
  return four.contains(*this) || six.contains(*this);
}

std::string Network::subscriber() const {
  return {bytes_.begin(), is_ipv4() ? bytes_.end() : bytes_.begin() + kSubscriberBytes};
}

}  // namespace alice
