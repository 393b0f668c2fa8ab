#include "server/front/http/picture_urls.h"

#include <optional>
#include <set>

#include "server/front/http/api_error.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using alice::test::TempFolder;

namespace {

constexpr int64_t kDay = 24 * 3600;

struct Room {
  explicit Room(bool require_auth = true) {
    ServerConfig config;
    config.require_auth = require_auth;
    config.signed_url_minutes = 10;
    accounts = Accounts::open(folder.path(), {"", [this] { return now; }});
    signer.emplace(config, accounts);
  }

  std::string url(const std::string& file = "f-0.png") {
    PictureFile picture;
    picture.file = file;
    return picture_url({"http://h", &*signer}, picture);
  }
  /// Seconds; 0 when it is refused.
  int64_t rest_of(const std::string& url) {
    RawRequest raw;
    raw.method = "GET";
    raw.target = url.substr(8);
    raw.headers = {{"Host", "h"}};
    const HttpRequest request = read_request(raw);
    REQUIRE(UrlSigner::is_signed(request));
    try {
      return signer->check(request);
    } catch (const ApiError& error) {
      CHECK(error.status == 403);
      refusals.insert(error.message);
      return 0;
    }
  }

  const TempFolder folder;
  int64_t now = 1'800'000'000;
  std::shared_ptr<Accounts> accounts;
  std::optional<UrlSigner> signer;
  std::set<std::string> refusals;
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a signed URL counts until it expires") {
  Room room;
  const std::string url = room.url();
  CHECK(room.rest_of(url) == 600);
  room.now += 599;
  CHECK(room.rest_of(url) == 1);
  room.now += 1;
  CHECK(room.rest_of(url) == 0);
}

TEST_CASE("every part of a signed URL is signed, and all refusals are alike") {
  Room room;
  const std::string url = room.url(), later = std::to_string(room.now + 601);
  const std::string e = "e=" + std::to_string(room.now + 600);
  std::string letter = url;
  letter.back() = letter.back() == 'A' ? 'B' : 'A';
  room.now += 600;
  CHECK(room.rest_of(url) == 0);
  room.now -= 600;
  for (const std::string& wrong :
       {replaced(url, "f-0", "f-1"), replaced(url, e, "e=" + later), replaced(url, "&k=", "&k=1"), letter,
        url.substr(0, url.size() - 1), url + "A", url + "&e=" + later, url + "&w=1", replaced(url, e, "e="),
        replaced(url, "&s=", "&s=&s="), replaced(url, e + "&", "")}) {
    INFO(wrong);
    CHECK(room.rest_of(wrong) == 0);
  }
  CHECK(room.refusals.size() == 1);
  CHECK(room.rest_of(url) == 600);
}

TEST_CASE("the secret changes by itself, and the one before still counts") {
  Room room;
  const int64_t change = (room.now / (30 * kDay) + 1) * 30 * kDay;
  room.now = change - 60;
  const std::string before = room.url();
  room.now = change;
  const std::string after = room.url();
  CHECK(before.substr(before.find("&k="), 6) != after.substr(after.find("&k="), 6));
  CHECK(room.rest_of(before) == 540);
  CHECK(room.rest_of(after) == 600);
}

TEST_CASE("a URL of another server's secret does not count, and none is signed where no keys are asked for") {
  Room room, other;
  CHECK(room.rest_of(other.url()) == 0);
  CHECK(Room(false).url() == "http://h/images/f-0.png");
}
