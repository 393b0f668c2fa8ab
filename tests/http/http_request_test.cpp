#include "server/front/http/http_request.h"

#include "server/front/http/api_error.h"
#include "tests/support/catch.h"

using namespace alice;

namespace {

RawRequest ask(const std::string& target) {
  RawRequest raw;
  raw.method = "GET";
  raw.target = target;
  raw.headers = {{"Host", "localhost:8080"}};
  return raw;
}

int status_of(RawRequest raw) {
  try {
    read_request(raw);
    return 200;
  } catch (const ApiError& error) {
    return error.status;
  }
}

int status_with(const std::string& name, const std::string& value) {
  RawRequest raw = ask("/");
  raw.headers.emplace_back(name, value);
  return status_of(raw);
}

}  // namespace

TEST_CASE("a target is decoded once") {
  RawRequest raw = ask("/v1/models/sd%2Fa%2520b?x=1%262&y=a+b&z&=w#part");
  const HttpRequest request = read_request(raw);
  CHECK(request.path == "/v1/models/sd/a%20b");
  using Query = std::vector<std::pair<std::string, std::string>>;
  CHECK(request.query == Query{{"x", "1&2"}, {"y", "a b"}, {"z", ""}, {"", "w"}});
}

TEST_CASE("a target that is no path is refused") {
  for (const char* target : {"", "*", "health", "http:///", "ftp://localhost/", "http://a b/", "/%", "/%4", "/%4g", "/%00", "/%0a", "/\x7f",
                             "/%ff", "/%ed%a0%80", "/?%zz", "/?a=%00"})
    CHECK(status_of(ask(target)) == 400);
  RawRequest options = ask("*");
  options.method = "OPTIONS";
  CHECK(status_of(options) == 200);
}

TEST_CASE("percent escapes are undone or refused") {
  CHECK(percent_decoded("a%41%zz") == std::nullopt);
  CHECK(percent_decoded("%") == std::nullopt);
  CHECK(percent_decoded("%4") == std::nullopt);
  CHECK(percent_decoded("%41%6a%6A+") == "Ajj+");
}

TEST_CASE("there is a host") {
  RawRequest none = ask("/");
  none.headers.clear();
  CHECK(status_of(none) == 400);
  for (const char* host : {"", "a b", "a/b", "a@b", "a\"b", "a:x", "a:65536", "a:1:2", ":80", "[::1", "[127.0.0.1]",
                           "[]", "[::1]evil", "::1", "a%41", "[v1.x]", "[fe80::1%25eth0]"}) {
    RawRequest raw = ask("/");
    raw.headers[0].second = host;
    CAPTURE(host);
    CHECK(status_of(raw) == 400);
  }
}

TEST_CASE("a target that is a whole URL says who is called") {
  RawRequest raw = ask("http://Other.example:81/v1/jobs?limit=3");
  const HttpRequest request = read_request(raw);
  CHECK(request.path == "/v1/jobs");
  CHECK(request.query.size() == 1);
  CHECK(request.host() == "Other.example:81");
  RawRequest bare = ask("HTTPS://a");
  CHECK(read_request(bare).path == "/");
  RawRequest query = ask("http://a?x=1");
  CHECK(read_request(query).path == "/");
  for (const char* target : {"http://user@a/", "http://a:x/", "http://[::1/", "http:/a", "//"}) {
    CAPTURE(target);
    CHECK(status_of(ask(target)) == (std::string(target) == "//" ? 200 : 400));
  }
  RawRequest no_field = ask("http://a/");
  no_field.headers.clear();
  CHECK(status_of(no_field) == 400);
}

TEST_CASE("a body in a coding is refused by the coding's name") {
  RawRequest raw = ask("/");
  raw.headers.emplace_back("Content-Encoding", "gzip");
  CHECK(status_of(raw) == 200);  // nothing is encoded
  raw.body = "x";
  CHECK(status_of(raw) == 415);
  raw.headers.back().second = "identity";
  CHECK(status_of(raw) == 200);
}

TEST_CASE("methods and protocols that are not for us are refused") {
  RawRequest raw = ask("/");
  for (const char* method : {"CONNECT", "TRACE"}) {
    raw.method = method;
    CHECK(status_of(raw) == 405);
  }
  CHECK(status_with("Upgrade", "websocket") == 501);
}

TEST_CASE("a request's id is the client's when it is one") {
  RawRequest raw = ask("/");
  CHECK(request_id_of(raw).size() == 32);
  CHECK(request_id_of(raw) != request_id_of(raw));
  raw.headers.emplace_back("X-Request-ID", "a-B_c.9");
  CHECK(request_id_of(raw) == "a-B_c.9");
  raw.headers.back().second = "a b";
  CHECK(request_id_of(raw) != "a b");
}
