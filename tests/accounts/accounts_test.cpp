#include "server/accounts/accounts.h"

#include <sodium.h>
#include <sys/stat.h>

#include "server/accounts/key_text.h"
#include "server/accounts/waited.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;
using Verdict = Judgement::Verdict;

namespace {

/// Keys in a folder of their own, with a clock that stands, and comparisons that are counted.
struct Room {
  explicit Room(std::string configured = "") : configured(std::move(configured)) { open(); }

  void open() {
    accounts.reset();
    accounts = Accounts::open(folder.path(), {configured, [this] { return now; },
                                              [this](const void* a, const void* b, size_t bytes) {
                                                ++compared;
                                                return sodium_memcmp(a, b, bytes);
                                              }});
  }
  MadeKey make(const std::string& name, std::optional<int64_t> expires = std::nullopt) {
    return waited<MadeKey>(
        [&](auto then) { accounts->create({name, "", Level::user, Scopes::usual(Level::user), expires}, then); });
  }
  std::vector<AccessKey> list() {
    return waited<std::vector<AccessKey>>([&](auto then) { accounts->list(then); });
  }
  /// The verdict, and how many comparisons it took.
  std::pair<Verdict, int> judged(const std::string& text) {
    compared = 0;
    const Verdict verdict = accounts->judge(text).verdict;
    return {verdict, compared};
  }

  const TempFolder folder;
  std::string configured;
  int64_t now = 1'000'000;
  int compared = 0;
  std::shared_ptr<Accounts> accounts;
};

/// The key with another secret, and the check that belongs to it.
std::string forged(const std::string& text, const std::string& id, char letter) {
  KeyText key;
  REQUIRE(read_key_text(text, key) == KeyForm::whole);
  key.secret[0] = key.secret[0] == letter ? '-' : letter;
  if (!id.empty()) key.id = id;
  return write_key_text(key);
}

}  // namespace

TEST_CASE("whatever is shown, one comparison is made, and none for what was mistyped") {
  Room room;
  const std::string good = room.make("Ann").text;
  CHECK(room.judged(good) == std::pair(Verdict::good, 1));
  CHECK(room.judged(forged(good, "", 'A')) == std::pair(Verdict::wrong, 1));          // a key that there is
  CHECK(room.judged(forged(good, "zzzzzzzz", 'A')) == std::pair(Verdict::wrong, 1));  // one that there is not
  CHECK(room.judged("sk-whatever") == std::pair(Verdict::wrong, 1));                  // of another server's
  CHECK(room.judged("") == std::pair(Verdict::wrong, 1));
  std::string mistyped = good;
  mistyped[20] = mistyped[20] == 'x' ? 'y' : 'x';
  CHECK(room.judged(mistyped) == std::pair(Verdict::mistyped, 0));
  CHECK(room.judged(good.substr(0, 40)) == std::pair(Verdict::mistyped, 0));
}

TEST_CASE("a key counts after a restart, until it expires or is revoked") {
  Room room;
  const MadeKey made = room.make("Ann", room.now + 10);
  room.open();
  CHECK(room.judged(made.text).first == Verdict::good);
  CHECK(room.accounts->judge(made.text).key->user == made.key.user);
  room.now += 10;
  CHECK(room.judged(made.text) == std::pair(Verdict::expired, 1));
  room.now -= 10;
  waited<AccessKey>([&](auto then) { room.accounts->revoke(made.key.id, then); });
  CHECK(room.judged(made.text) == std::pair(Verdict::revoked, 1));
  room.open();
  CHECK(room.judged(made.text).first == Verdict::revoked);
  CHECK(error_of([&] { waited<AccessKey>([&](auto then) { room.accounts->revoke("zzzzzzzz", then); }); }).code() ==
        ErrorCode::not_found);
}

TEST_CASE("of a secret nothing is kept but a hash, and without the pepper that is worth nothing") {
  Room room;
  const MadeKey made = room.make("Ann");
  KeyText key;
  REQUIRE(read_key_text(made.text, key) == KeyForm::whole);
  room.accounts.reset();
  for (const auto& file : std::filesystem::recursive_directory_iterator(room.folder.path()))
    if (file.is_regular_file()) CHECK(bytes_of(file.path()).find(key.secret) == std::string::npos);

  const auto pepper = room.folder / "secrets" / "pepper";
  struct stat status {};
  REQUIRE(stat(pepper.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  std::filesystem::remove(pepper);
  const Error error = error_of([&] { room.open(); });
  CHECK(error.code() == ErrorCode::bad_config);
  CHECK(says(error.sentence(), "no key can be checked"));
  room.folder.write("secrets/pepper", "short");
  CHECK(says(error_of([&] { room.open(); }).sentence(), "is damaged"));
  room.folder.write("secrets/pepper", std::string(32, 'p'));
  room.open();
  CHECK(room.judged(made.text).first == Verdict::wrong);
}

TEST_CASE("the configuration's key is one of a user of its own, whatever it looks like") {
  const std::string ours = write_key_text(new_key_text());
  for (const std::string& configured : {std::string("a word of mine"), ours}) {
    Room room(configured);
    CHECK(room.judged(configured) == std::pair(Verdict::good, 1));
    CHECK(room.accounts->judge(configured).key->level == Level::user);
    CHECK(room.accounts->judge(configured).key->user == "configured");
    CHECK(room.judged("a word of yours") == std::pair(Verdict::wrong, 1));
    CHECK(room.list().empty());
  }
  CHECK(error_of([&] { Room room(ours.substr(0, 50)); }).code() == ErrorCode::bad_config);
}

TEST_CASE("when a key was used is written once a minute") {
  Room room;
  const MadeKey made = room.make("Ann");
  const auto used = [&] {
    room.accounts->note_used(made.key);
    return room.list()[0].last_used_s;
  };
  CHECK(used() == 1'000'000);
  room.now += 59;
  CHECK(used() == 1'000'000);
  room.now += 1;
  CHECK(used() == 1'000'060);
}

TEST_CASE("names that cannot be shown on a line are refused") {
  Room room;
  for (const std::string& name : {std::string(), std::string("a\nb"), std::string(" a"), std::string("a "),
                                  std::string(65, 'a'), std::string("\x1b[2J")})
    CHECK(error_of([&] { room.make(name); }).code() == ErrorCode::bad_request);
  CHECK(room.make("Jörg's Läptop").key.user_name == "Jörg's Läptop");
  CHECK(room.list().size() == 1);
}

TEST_CASE("scopes are words") {
  CHECK(Scopes::from("read generate")->words() == "read generate");
  CHECK(Scopes::from("")->words().empty());
  CHECK_FALSE(Scopes::from("read everything").has_value());
  CHECK(Scopes::usual(Level::admin).words() == "read generate models:write admin");
  CHECK_FALSE(Scopes::usual(Level::user).has(Scope::admin));
}
