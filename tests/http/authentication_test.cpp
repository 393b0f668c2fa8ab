// The parts that settle who calls: the key that a request shows, what a proxy tells, how often a wrong key may come.

#include "server/front/http/base64.h"
#include "server/front/http/buckets.h"
#include "server/front/http/forwarded.h"
#include "server/front/http/session_cookie.h"
#include "server/front/http/shown_key.h"
#include "server/front/http/wrong_keys.h"
#include "tests/support/catch.h"

using namespace alice;

namespace {

using Header = Headers::value_type;

HttpRequest with(Headers headers) {
  RawRequest raw;
  raw.method = "GET";
  raw.target = "/k/of-the-path/v1/models";
  raw.headers = std::move(headers);
  raw.headers.emplace_back("Host", "localhost:8080");
  raw.remote_address = "10.0.0.1";
  HttpRequest request = read_request(raw);
  CHECK(request.path == "/v1/models");
  return request;
}

std::string shown(Headers headers) { return shown_key(with(std::move(headers))).value_or("none"); }
std::string basic(const std::string& pair) { return "Basic " + to_base64(pair); }

HttpRequest settled(Headers headers, const std::vector<std::string>& trusted = {"10.0.0.0/8"}) {
  HttpRequest request = with(std::move(headers));
  TrustedProxies(trusted).settle(request);
  return request;
}

}  // namespace

TEST_CASE("a key is taken from wherever clients put it, and from one place") {
  CHECK(shown({{"Authorization", "Bearer one"}}) == "one");
  CHECK(shown({{"authorization", "bearer  one "}}) == "one");
  CHECK(shown({{"X-Api-Key", "two"}}) == "two");
  CHECK(shown({{"Authorization", basic("any name:three")}}) == "three");
  CHECK(shown({{"Authorization", basic("name:with:colons")}}) == "with:colons");
  CHECK(shown({{"Authorization", basic("four")}}) == "four");
  CHECK(shown({{"X-Api-Key", "two"}, {"Authorization", "Bearer one"}}) == "one");
  CHECK(shown({{"Authorization", "Bearer one"}, {"X-Admin-Key", "five"}}) == "five");
  CHECK(shown({}) == "of-the-path");
}

TEST_CASE("what clients make of an empty setting is no key") {
  for (const std::string& nothing :
       {std::string(), std::string("Basic "), std::string("Basic"), basic(":"), basic("undefined"), basic("name:"),
        basic("undefined:undefined"), std::string("Bearer "), std::string("Bearer undefined"), std::string("Digest x"),
        std::string("Basic ?!")}) {
    INFO(nothing);
    CHECK(shown({{"Authorization", nothing}}) == "of-the-path");
    CHECK(shown({{"Authorization", nothing}, {"X-Api-Key", "two"}}) == "two");
  }
}

TEST_CASE("a browser's password is told from a program's by what browsers send along") {
  const Header basic_key = {"Authorization", basic("any:key")};
  for (const Header& told : {Header{"Origin", "http://a"}, Header{"Sec-Fetch-Site", "none"},
                             Header{"Referer", "http://a/"}, Header{"User-Agent", "Mozilla/5.0 (X11)"}}) {
    CHECK(is_browsers_basic(with({basic_key, told})));
    CHECK_FALSE(is_browsers_basic(with({{"Authorization", "Bearer key"}, told})));
    CHECK_FALSE(is_browsers_basic(with({told})));
  }
  CHECK_FALSE(is_browsers_basic(with({basic_key, {"User-Agent", "python-requests/2.28"}})));
}

TEST_CASE("by https another cookie counts than by http, and of two of one name none") {
  const auto cookie = [](const std::string& scheme, const std::string& field) {
    HttpRequest request = with({{"Cookie", field}});
    request.scheme = scheme;
    return session_cookie(request).value_or("none");
  };
  const std::string both = "a=b; alice_session=one; __Host-alice_session=two";
  CHECK(cookie("http", both) == "one");
  CHECK(cookie("https", both) == "two");
  CHECK(cookie("https", "alice_session=one") == "none");
  CHECK(cookie("http", "alice_session=one; alice_session=two") == "none");
  CHECK(cookie("http", "xalice_session=one; alice_session_=two; alice_session") == "none");

  HttpRequest request = with({});
  CHECK(set_session_cookie(request, "text", 9) == "alice_session=text; Path=/; Max-Age=9; HttpOnly; SameSite=Lax");
  request.scheme = "https";
  CHECK(set_session_cookie(request, "", 0) ==
        "__Host-alice_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure");
}

TEST_CASE("a guess that was right is given back") {
  Buckets guesses(2, 10'000);
  CHECK(guesses.take("a", 0));
  CHECK(guesses.take("a", 0));
  CHECK_FALSE(guesses.take("a", 0));
  CHECK(guesses.next_after_s("a", 0) == 5);
  guesses.give_back("a");
  CHECK(guesses.take("a", 0));
  CHECK_FALSE(guesses.take("a", 4'999));
  CHECK(guesses.take("a", 5'000));
}

TEST_CASE("a path that has a key is without it what it would be") {
  const auto read = [](const char* target) {
    RawRequest raw;
    raw.method = "GET";
    raw.target = target;
    raw.headers = {{"Host", "localhost"}};
    const HttpRequest request = read_request(raw);
    return std::pair(request.path_key, request.path);
  };
  using Pair = std::pair<std::string, std::string>;
  CHECK(read("/k/secret/sdapi/v1/options?a=b") == Pair{"secret", "/sdapi/v1/options"});
  CHECK(read("/k/secret") == Pair{"secret", "/"});
  CHECK(read("/k/") == Pair{"", "/"});
  CHECK(read("/k") == Pair{"", "/k"});
  CHECK(read("/kk/secret/x") == Pair{"", "/kk/secret/x"});
  CHECK(read("/k/a/k/b") == Pair{"a", "/k/b"});
}

TEST_CASE("what a trusted proxy tells counts, and what another tells does not") {
  const Headers told = {{"X-Forwarded-For", "1.2.3.4"},
                        {"X-Forwarded-Proto", "https"},
                        {"X-Forwarded-Host", "pictures.example"},
                        {"X-Forwarded-Prefix", "/alice/"}};
  const HttpRequest by_proxy = settled(told), by_another = settled(told, {"192.168.0.0/16"});
  CHECK(by_proxy.remote_address == "1.2.3.4");
  CHECK(by_proxy.scheme + "://" + by_proxy.authority + by_proxy.prefix == "https://pictures.example/alice");
  CHECK(by_another.remote_address == "10.0.0.1");
  CHECK(by_another.scheme + "://" + by_another.authority + by_another.prefix == "http://localhost:8080");
}

TEST_CASE("the client is the last that no trusted proxy is, whatever it wrote itself") {
  const auto client = [](Headers headers) { return settled(std::move(headers)).remote_address; };
  CHECK(client({{"X-Forwarded-For", "127.0.0.1, 1.2.3.4"}}) == "1.2.3.4");
  CHECK(client({{"X-Forwarded-For", "127.0.0.1, 1.2.3.4, 10.9.9.9"}}) == "1.2.3.4");
  CHECK(client({{"X-Forwarded-For", "5.6.7.8"}, {"X-Forwarded-For", "1.2.3.4"}}) == "1.2.3.4");
  CHECK(client({{"X-Forwarded-For", "[2001:db8::1]:80"}}) == "2001:db8::1");
  CHECK(client({{"X-Forwarded-For", "1.2.3.4:5678"}}) == "1.2.3.4");
  CHECK(client({{"X-Forwarded-For", "1.2.3.4, unknown"}}) == "10.0.0.1");
  CHECK(client({{"X-Forwarded-For", ""}}) == "10.0.0.1");
}

TEST_CASE("a prefix or a scheme that is none does not get into URLs") {
  for (const char* prefix : {"alice", "//evil.example", "/a\"b", "/..", "/a b", "/a?b"})
    CHECK(settled({{"X-Forwarded-Prefix", prefix}}).prefix.empty());
  CHECK(settled({{"X-Forwarded-Proto", "javascript"}}).scheme == "http");
  CHECK_THROWS(settled({{"X-Forwarded-Host", "a b"}}));
}

TEST_CASE("whoever came by a proxy says so in one of these fields") {
  for (const char* name : {"Via", "Forwarded", "x-forwarded-for", "X-Forwarded-Anything"})
    CHECK(has_come_by_proxy(with({{name, "x"}})));
  CHECK_FALSE(has_come_by_proxy(with({{"X-Real-Ip", "x"}, {"Origin", "x"}})));
}

TEST_CASE("ten wrong keys a minute may come from an address, and then one each six seconds") {
  WrongKeys wrong;
  for (int i = 0; i < 10; ++i) CHECK(wrong.may_be_told("a", 1000));
  CHECK_FALSE(wrong.may_be_told("a", 1000));
  CHECK(wrong.is_over("a", 1000));
  CHECK(wrong.retry_after_s("a", 1000) == 6);
  CHECK_FALSE(wrong.is_over("b", 1000));
  CHECK_FALSE(wrong.may_be_told("a", 6999));
  CHECK(wrong.may_be_told("a", 7000));
  CHECK_FALSE(wrong.may_be_told("a", 7001));
  CHECK(wrong.may_be_told("a", 1'000'000));
}

TEST_CASE("however many addresses guess, few of them are remembered") {
  WrongKeys wrong;
  for (int i = 0; i < 100'000; ++i) wrong.may_be_told(std::to_string(i), i);
  CHECK(wrong.remembered() <= WrongKeys::kMostRemembered);
}
