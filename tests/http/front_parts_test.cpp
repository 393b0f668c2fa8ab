// The smaller parts of the front: lists, tables, texts.

#include "server/front/http/base64.h"
#include "server/front/http/connection_table.h"
#include "server/front/http/file_limit.h"
#include "server/front/http/headers.h"
#include "server/front/http/metrics_text.h"
#include "server/front/http/site_guard.h"
#include "tests/support/catch.h"

using namespace alice;

namespace {

struct User : ConnectionUser {
  int ended = 0, forgot = 0;
  void connection_ended() override { ++ended; }
  void forget() override { ++forgot; }
};

}  // namespace

TEST_CASE("a connection's users hear of its end once") {
  ConnectionTable table(10, 2);
  table.add(1, "a");
  const auto user = std::make_shared<User>();
  table.attach(1, user);
  table.remove(1);
  table.remove(1);
  CHECK(user->ended == 1);
  CHECK(table.size() == 0);
}

TEST_CASE("an address has its share of connections") {
  ConnectionTable table(3, 2);
  table.add(1, "a");
  table.add(2, "a");
  CHECK_FALSE(table.has_room_for("a"));
  CHECK(table.has_room_for("b"));
  table.add(3, "b");
  CHECK_FALSE(table.has_room());
  table.remove(1);
  CHECK(table.has_room_for("a"));
  CHECK(table.has_room());
}

TEST_CASE("users of a table that is cleared forget") {
  ConnectionTable table(3, 2);
  table.add(1, "a");
  const auto user = std::make_shared<User>();
  table.attach(1, user);
  table.clear();
  CHECK(user->forgot == 1);
  CHECK(user->ended == 0);
}

TEST_CASE("connections leave room for other files") {
  CHECK(connections_within(1 << 20, 4096) == 4096);
  CHECK(connections_within(1024, 4096) == 768);
  CHECK(connections_within(64, 4096) == 32);
  CHECK(connections_within(1, 4096) == 1);
}

TEST_CASE("lists of header values are split and trimmed") {
  CHECK(split_list(" a, b ,,c,").size() == 3);
  CHECK(split_list(" a, b ,,c,")[1] == "b");
  CHECK(split_list("").empty());
  CHECK(trimmed(" \t ").empty());
}

TEST_CASE("a host's name is without its port and brackets") {
  CHECK(host_name("Example.ORG:80") == "example.org");
  CHECK(host_name("[::1]:8080") == "::1");
  CHECK(host_name("[::1]") == "::1");
  CHECK(host_name("localhost") == "localhost");
  CHECK(host_name("") == "");
}

TEST_CASE("base64 is RFC 4648's") {  // section 10
  CHECK(to_base64("") == "");
  CHECK(to_base64("f") == "Zg==");
  CHECK(to_base64("fo") == "Zm8=");
  CHECK(to_base64("foobar") == "Zm9vYmFy");
  CHECK(to_base64(std::string("\xFF\xFE\0", 3)) == "//4A");
}

TEST_CASE("metrics are Prometheus' text") {
  MetricsText out;
  out.family("a_total", "counter", "Things.");
  out.sample(3, {{"why", "a \"b\"\\\n"}, {"code", "200"}});
  out.one("b", "gauge", "Other things.", 0.25);
  CHECK(out.text() ==
        "# HELP a_total Things.\n# TYPE a_total counter\na_total{why=\"a \\\"b\\\"\\\\\\n\",code=\"200\"} 3\n"
        "# HELP b Other things.\n# TYPE b gauge\nb 0.25\n");
}
