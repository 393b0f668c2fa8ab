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

int status_of(RawRequest raw, const RequestLimits& limits = {}) {
  try {
    read_request(raw, limits);
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
  const HttpRequest request = read_request(raw, {});
  CHECK(request.path == "/v1/models/sd/a%20b");
  using Query = std::vector<std::pair<std::string, std::string>>;
  CHECK(request.query == Query{{"x", "1&2"}, {"y", "a b"}, {"z", ""}, {"", "w"}});
}

TEST_CASE("a target that is no path is refused") {
  for (const char* target : {"", "*", "health", "http://localhost/", "/%", "/%4", "/%4g", "/%00", "/%0a", "/\x7f",
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

TEST_CASE("framing that two readers could read differently is refused") {
  CHECK(status_with("Transfer-Encoding", "chunked") == 200);
  CHECK(status_with("Transfer-Encoding", " Chunked ") == 200);
  for (const char* coding : {"identity", "gzip, chunked", "chunked, identity", "xchunked", "\"chunked\"", ""})
    CHECK(status_with("Transfer-Encoding", coding) == 400);
  RawRequest both = ask("/");
  both.headers.insert(both.headers.end(), {{"Content-Length", "3"}, {"transfer-encoding", "chunked"}});
  CHECK(status_of(both) == 400);
  RawRequest two = ask("/");
  two.headers.insert(two.headers.end(), {{"Content-Length", "3"}, {"content-length", "3"}});
  CHECK(status_of(two) == 400);
}

TEST_CASE("a header's name is a token and its value has no control characters") {
  for (const char* name : {"", "a b", "a ", "a:", "\xC3\xA4", "a\x01"}) CHECK(status_with(name, "x") == 400);
  for (const std::string& value :
       {std::string("a\0b", 3), std::string("a\rb"), std::string("a\nb"), std::string("\x7f")})
    CHECK(status_with("X", value) == 400);
  CHECK(status_with("X", "a\tb \xFF") == 200);
}

TEST_CASE("there is one host") {
  RawRequest none = ask("/");
  none.headers.clear();
  CHECK(status_of(none) == 400);
  CHECK(status_with("host", "other") == 400);
  for (const char* host : {"", "a b", "a/b", "a@b", "a\"b"}) {
    RawRequest raw = ask("/");
    raw.headers[0].second = host;
    CHECK(status_of(raw) == 400);
  }
}

TEST_CASE("limits are inclusive") {
  RequestLimits limits;
  limits.target_bytes = 5, limits.body_bytes = 3, limits.header_count = 2, limits.header_bytes = 30;
  CHECK(status_of(ask("/1234"), limits) == 200);
  CHECK(status_of(ask("/12345"), limits) == 414);
  RawRequest body = ask("/");
  body.body = "123";
  CHECK(status_of(body, limits) == 200);
  body.body = "1234";
  CHECK(status_of(body, limits) == 413);
  RawRequest fields = ask("/");  // 18 bytes so far
  fields.headers.emplace_back("X", std::string(11, 'y'));
  CHECK(status_of(fields, limits) == 200);
  fields.headers[1].second += 'y';
  CHECK(status_of(fields, limits) == 431);
  fields.headers = {{"Host", "a"}, {"X", ""}, {"Y", ""}};
  CHECK(status_of(fields, limits) == 431);
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
