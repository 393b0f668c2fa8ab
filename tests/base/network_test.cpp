#include "core/base/network.h"

#include "tests/support/catch.h"

using namespace alice;

namespace {

bool contains(const char* network, const char* address) {
  return Network::from(network).value().contains(Network::from(address).value());
}

}  // namespace

TEST_CASE("an address is in a network whose bits it begins with") {
  CHECK(contains("10.0.0.0/8", "10.255.0.1"));
  CHECK_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
  CHECK(contains("192.168.1.128/25", "192.168.1.200"));
  CHECK_FALSE(contains("192.168.1.128/25", "192.168.1.100"));
  CHECK(contains("127.0.0.1", "127.0.0.1"));
  CHECK(contains("127.0.0.1", "::ffff:127.0.0.1"));
  CHECK_FALSE(contains("127.0.0.1", "127.0.0.2"));
  CHECK(contains("fd00::/8", "fd12:3456::1"));
  CHECK_FALSE(contains("fd00::/8", "fe80::1"));
  CHECK(contains("0.0.0.0/0", "1.2.3.4"));
  CHECK_FALSE(contains("0.0.0.0/0", "::1"));
  CHECK(contains("::/0", "1.2.3.4"));
  CHECK_FALSE(contains("10.0.0.0/16", "10.0.0.0/8"));
}

TEST_CASE("what is no address and no network is refused") {
  for (const char* text : {"", "localhost", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x",
                           "::1/129", "fd00::1/8", "1.2.3", "10.0.0.0/8/8", "1.2.3.4:80", "[::1]"})
    CHECK_FALSE(Network::from(text).has_value());
}

TEST_CASE("loopback is this machine, and nothing else") {
  for (const char* text : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"})
    CHECK(Network::from(text)->is_loopback());
  for (const char* text : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::2"})
    CHECK_FALSE(Network::from(text)->is_loopback());
}

TEST_CASE("a subscriber has an address of IPv4, and a /64 of IPv6") {
  const auto of = [](const char* text) { return Network::from(text)->subscriber(); };
  CHECK(of("2001:db8:1:2::1") == of("2001:db8:1:2:ffff::9"));
  CHECK(of("2001:db8:1:2::1") != of("2001:db8:1:3::1"));
  CHECK(of("1.2.3.4") != of("1.2.3.5"));
  CHECK(of("1.2.3.4") == of("::ffff:1.2.3.4"));
}
