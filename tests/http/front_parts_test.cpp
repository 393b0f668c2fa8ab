// The smaller parts of the front: lists, tables, texts.

#include "server/front/http/base64.h"
#include "server/front/http/doors/alice/metrics_text.h"
#include "server/front/http/headers.h"
#include "server/front/http/site_guard.h"
#include "server/front/http/wire/file_limit.h"
#include "tests/support/catch.h"

using namespace alice;

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
  CHECK(host_name("localhost.") == "localhost");
  CHECK(host_name("") == "");
  for (const char* text : {"[127.0.0.1", "[::1]evil.example", "127.0.0.1:evil", "::1", "a:99999"})
    CHECK(host_name(text) == "");
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
