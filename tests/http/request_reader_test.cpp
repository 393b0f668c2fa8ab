// Bytes become requests, whatever pieces they come in.

#include "server/front/http/wire/request_reader.h"

#include "tests/support/catch.h"

using namespace alice;

namespace {

constexpr uint64_t kBodyLimit = 20;

ReadLimits small_limits() {
  ReadLimits limits;
  limits.target_bytes = 10, limits.header_count = 3, limits.header_bytes = 60, limits.discarded_bytes = 40;
  return limits;
}

RequestReader make_reader(const ReadLimits& limits = {}) {
  return {limits, [](const RawRequest&) { return kBodyLimit; }};
}

/// Of all requests in `bytes`, "METHOD TARGET [body]" or the status of the refusal; "..." for one that is not done.
std::vector<std::string> read_all(std::string_view bytes, size_t piece, const ReadLimits& limits = {}) {
  RequestReader reader = make_reader(limits);
  std::vector<std::string> found;
  while (true) {
    std::string_view part = bytes.substr(0, piece);
    const size_t taken = reader.take(part);
    bytes.remove_prefix(taken);
    if (reader.is_done()) {
      const IncomingRequest request = reader.release();
      found.push_back(request.refusal.has_value()
                          ? std::to_string(request.refusal->status)
                          : request.raw.method + " " + request.raw.target + " [" + request.raw.body + "]");
      if (!request.keep_alive) return found;
    }
    if (bytes.empty()) break;
  }
  if (reader.has_begun()) found.push_back("...");
  return found;
}

using Found = std::vector<std::string>;
const std::string kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kPost = "POST /b HTTP/1.1\r\nHost: h\r\n";

int status_of(const std::string& bytes, const ReadLimits& limits = {}) {
  RequestReader reader = make_reader(limits);
  reader.take(bytes);
  if (!reader.is_done()) return 0;
  const IncomingRequest request = reader.release();
  return request.refusal.has_value() ? request.refusal->status : 200;
}

}  // namespace

TEST_CASE("requests are the same in whatever pieces they come") {
  const std::string bytes = kGet + kPost + "Content-Length: 5\r\n\r\nhello" + "\r\n" + kPost +
                            "Transfer-Encoding: chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n00A\r\n0123456789\r\n0\r\nT: u\r\n\r\n" +
                            kPost + "Content-Length: 21\r\n\r\n012345678901234567890" + kGet + "GET /c";
  const Found expected = {"GET /a []", "POST /b [hello]", "POST /b [abc0123456789]", "413", "GET /a []", "..."};
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    CAPTURE(piece);
    REQUIRE(read_all(bytes, piece) == expected);
  }
}

TEST_CASE("a refusal is the same in whatever pieces it comes, and nothing follows it") {
  for (const std::string& bad :
       {std::string("GET /a HTTP/1.1\nHost: h\n\n"), kPost + "Transfer-Encoding: chunked\r\n\r\n2\r\nabXX0\r\n\r\n",
        kPost + "Transfer-Encoding: chunked\r\n\r\n2;a\nb\r\nab\r\n0\r\n\r\n", kPost + "X: a\r\n b\r\n\r\n"})
    for (size_t piece = 1; piece <= 40; ++piece) {
      CAPTURE(bad, piece);
      REQUIRE(read_all(kGet + bad + kGet, piece) == Found{"GET /a []", "400"});
    }
}

TEST_CASE("limits are inclusive") {
  const ReadLimits limits = small_limits();
  const auto target = [&](size_t size) { return "GET " + std::string(size, '/') + " HTTP/1.1\r\nHost: h\r\n\r\n"; };
  CHECK(status_of(target(10), limits) == 200);
  CHECK(status_of(target(11), limits) == 414);
  CHECK(status_of("GET " + std::string(200, '/'), limits) == 414);  // before its end
  const auto fields = [&](const std::string& more) { return "GET / HTTP/1.1\r\nHost: h\r\n" + more + "\r\n"; };
  CHECK(status_of(fields("A:\r\nB:\r\n"), limits) == 200);
  CHECK(status_of(fields("A:\r\nB:\r\nC:\r\n"), limits) == 431);
  CHECK(status_of(fields("A: " + std::string(54, 'x') + "\r\n"), limits) == 200);
  CHECK(status_of(fields("A: " + std::string(55, 'x') + "\r\n"), limits) == 431);
  CHECK(status_of("GET / HTTP/1.1\r\nA: " + std::string(200, 'x'), limits) == 431);
  const auto body = [&](size_t size) {
    return kPost + "Content-Length: " + std::to_string(size) + "\r\n\r\n" + std::string(size, 'x');
  };
  CHECK(status_of(body(20), limits) == 200);
  CHECK(status_of(body(21), limits) == 413);
  CHECK(status_of(body(40), limits) == 413);
  CHECK(status_of(kPost + "Content-Length: 41\r\n\r\n", limits) == 413);  // not even read over
}

TEST_CASE("a body that is too long is read to its end, and the connection goes on") {
  RequestReader reader = make_reader(small_limits());
  const std::string head = kPost + "Content-Length: 30\r\n\r\n";
  CHECK(reader.take(head) == head.size());
  CHECK_FALSE(reader.is_done());
  const uint64_t held = reader.held();
  reader.take(std::string(29, 'x'));
  CHECK(reader.held() == held);  // nothing of it is kept
  CHECK_FALSE(reader.is_done());
  reader.take("x");
  const IncomingRequest request = reader.release();
  CHECK(request.refusal->status == 413);
  CHECK(request.keep_alive);
}

TEST_CASE("whoever asks first is answered first") {
  RequestReader reader = make_reader();
  reader.take(kPost + "Expect: 100-Continue\r\nContent-Length: 3\r\n\r\n");
  CHECK(reader.take_expectation());
  CHECK_FALSE(reader.take_expectation());
  reader.take("abc");
  CHECK(reader.is_done());
  reader.release();
  reader.take(kPost + "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n");
  CHECK_FALSE(reader.take_expectation());  // there is nothing to send
  reader.release();
  reader.take(kPost + "Expect: 100-continue\r\nContent-Length: 21\r\n\r\n");
  REQUIRE(reader.is_done());  // without the body
  const IncomingRequest request = reader.release();
  CHECK(request.refusal->status == 413);
  CHECK_FALSE(request.keep_alive);
  CHECK(status_of(kPost + "Expect: 200-ok\r\n\r\n") == 417);
}

TEST_CASE("chunks have no more around them than they need") {
  const std::string head = kPost + "Transfer-Encoding: chunked\r\n\r\n";
  CHECK(status_of(head + "1;" + std::string(3000, 'x') + "\r\na\r\n0\r\n\r\n") == 200);
  CHECK(status_of(head + "1;" + std::string(5000, 'x')) == 400);
  std::string many = head;
  for (int i = 0; i < 10; ++i) many += "1;" + std::string(3000, 'x') + "\r\na\r\n";
  CHECK(status_of(many) == 400);
  std::string trailers = head + "0\r\n";
  for (int i = 0; i < 101; ++i) trailers += "X: y\r\n";
  CHECK(status_of(trailers + "\r\n") == 400);
  CHECK(status_of(head + "fffffffffffffff\r\n") == 413);
  CHECK(status_of(head + "ffffffffffffffff\r\n") == 413);
  CHECK(status_of(head + "10000000000000000\r\n") == 400);
}

TEST_CASE("a connection is kept as the version and the client say") {
  const auto is_kept = [](const std::string& version, const std::string& fields) {
    RequestReader reader = make_reader();
    reader.take("GET / " + version + "\r\nHost: h\r\n" + fields + "\r\n");
    return reader.release().keep_alive;
  };
  CHECK(is_kept("HTTP/1.1", ""));
  CHECK_FALSE(is_kept("HTTP/1.1", "Connection: TE, Close\r\n"));
  CHECK_FALSE(is_kept("HTTP/1.0", ""));
  CHECK(is_kept("HTTP/1.0", "Connection: Keep-Alive\r\n"));
}
