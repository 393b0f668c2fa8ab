// People as the front asks for them: passwords, sessions, registration, in a folder of their own with a clock that
// stands.

#include "server/accounts/people.h"

#include <sodium.h>

#include <atomic>
#include <chrono>

#include "server/accounts/accounts.h"
#include "server/accounts/waited.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;
using Verdict = SignIn::Verdict;

namespace {

struct House {
  House() { open(); }

  void open() {
    accounts.reset();
    AccountsSettings settings;
    settings.now_s = [this] { return now; };
    settings.sessions = {600, 3600};
    accounts = Accounts::open(folder.path(), settings);
  }
  People& people() { return accounts->people(); }

  User add(const std::string& name, UserState state = UserState::active, std::optional<std::string> invite = {}) {
    NewUser user;
    user.name = name;
    user.password = "password of " + name;
    user.state = state;
    user.invite = std::move(invite);
    return waited<User>([&](auto then) { people().add(user, then); });
  }
  SignIn sign_in(const std::string& name, const std::string& password) {
    return waited<SignIn>([&](auto then) { people().sign_in(name, password, {"192.0.2.1", "a browser"}, then); });
  }
  std::string session_of(const std::string& name) { return sign_in(name, "password of " + name).session.text; }
  bool counts(const std::string& text) { return people().sessions().judge(text) != nullptr; }
  User change(const std::string& id, UserState state) {
    UserChange change;
    change.id = id;
    change.state = state;
    return waited<User>([&](auto then) { people().change(change, then); });
  }
  MadeKey key_of(const std::string& user) {
    return waited<MadeKey>([&](auto then) {
      accounts->create({"laptop", user, Level::user, Scopes::usual(Level::user), std::nullopt}, then);
    });
  }

  const TempFolder folder;
  int64_t now = 1'000'000;
  std::shared_ptr<Accounts> accounts;
};

double seconds_of(const std::function<void()>& action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

TEST_CASE("who has the password is signed in, and nobody else") {
  House house;
  const User ann = house.add("Ann");
  CHECK(ann.password_hash.find("$argon2id$v=19$m=65536,t=2,p=1$") == 0);
  const SignIn good = house.sign_in("Ann", "password of Ann");
  CHECK(good.verdict == Verdict::good);
  CHECK(good.user.id == ann.id);
  const auto session = house.people().sessions().judge(good.session.text);
  REQUIRE(session != nullptr);
  CHECK(session->user == ann.id);
  CHECK(session->address == "192.0.2.1");
  for (const auto& [name, password] : {std::pair("Ann", "password of Bob"), std::pair("Bob", "password of Ann"),
                                       std::pair("Ann", ""), std::pair("", "")})
    CHECK(house.sign_in(name, password).verdict == Verdict::wrong);
}

TEST_CASE("one whom a key has named has no password, and so cannot sign in") {
  House house;
  const AccessKey key = house.key_of("Ann").key;
  CHECK(house.people().find(key.user)->name == "Ann");
  CHECK(house.sign_in("Ann", "").verdict == Verdict::wrong);
  CHECK(house.sign_in("Ann", "Ann").verdict == Verdict::wrong);
}

TEST_CASE("a name that there is not takes as long as a wrong password") {
  House house;
  house.add("Ann");
  house.sign_in("Ann", "warm");
  double wrong = 0, unknown = 0;
  for (int i = 0; i < 3; ++i) {
    wrong += seconds_of([&] { house.sign_in("Ann", "wrong password"); });
    unknown += seconds_of([&] { house.sign_in("nobody", "wrong password"); });
  }
  CHECK(unknown > wrong / 2);
  CHECK(unknown < wrong * 2);
}

TEST_CASE("who waits or is disabled hears so with the right password alone") {
  House house;
  const User ann = house.add("Ann", UserState::waiting);
  CHECK(house.sign_in("Ann", "wrong").verdict == Verdict::wrong);
  CHECK(house.sign_in("Ann", "password of Ann").verdict == Verdict::waiting);
  house.change(ann.id, UserState::active);
  CHECK(house.sign_in("Ann", "password of Ann").verdict == Verdict::good);
  house.change(ann.id, UserState::disabled);
  CHECK(house.sign_in("Ann", "password of Ann").verdict == Verdict::disabled);
}

TEST_CASE("a session ends when it is idle, and at last however often it is seen; a restart does not end it") {
  House house;
  house.add("Ann");
  const std::string text = house.session_of("Ann");
  const auto see = [&] { house.people().sessions().note_seen(*house.people().sessions().judge(text)); };
  house.now += 599;
  REQUIRE(house.counts(text));
  see();
  house.open();
  house.now += 590;
  CHECK(house.counts(text));
  for (int i = 0; i < 5; ++i, house.now += 500) see();
  house.now = 1'000'000 + 3'599;
  REQUIRE(house.counts(text));
  see();
  house.now += 1;
  CHECK_FALSE(house.counts(text));

  const std::string idle = house.session_of("Ann");
  house.now += 600;
  CHECK_FALSE(house.counts(idle));
}

TEST_CASE("of a session's secret only a hash is kept, and a part of it is worth nothing") {
  House house;
  house.add("Ann");
  const std::string text = house.session_of("Ann");
  std::string wrong = text;
  wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
  for (const std::string& other : {wrong, text.substr(0, 59), text + "x", std::string(), std::string(60, '_'),
                                   std::string(16, '0') + text.substr(16)})
    CHECK_FALSE(house.counts(other));
  CHECK(house.counts(text));
  house.accounts.reset();
  for (const auto& file : std::filesystem::recursive_directory_iterator(house.folder.path()))
    if (file.is_regular_file()) {
      CHECK(bytes_of(file.path()).find(text.substr(17)) == std::string::npos);
      CHECK(bytes_of(file.path()).find("password of Ann") == std::string::npos);
    }
}

TEST_CASE("disabling ends sessions and keys at once, and for good") {
  House house;
  const User ann = house.add("Ann");
  const std::string text = house.session_of("Ann"), key = house.key_of("Ann").text, bobs = house.key_of("Bob").text;
  CHECK(house.accounts->judge(key).verdict == Judgement::Verdict::good);
  house.change(ann.id, UserState::disabled);
  CHECK_FALSE(house.counts(text));
  CHECK(house.accounts->judge(key).verdict == Judgement::Verdict::revoked);
  CHECK(house.accounts->judge(bobs).verdict == Judgement::Verdict::good);
  CHECK(error_of([&] { house.key_of("Ann"); }).code() == ErrorCode::bad_request);
  house.change(ann.id, UserState::active);
  CHECK_FALSE(house.counts(text));
  CHECK(house.accounts->judge(key).verdict == Judgement::Verdict::revoked);
}

TEST_CASE("a new password ends all sessions, and the old one counts no more") {
  House house;
  const User ann = house.add("Ann");
  const std::string text = house.session_of("Ann"), key = house.key_of("Ann").text;
  waited<User>([&](auto then) { house.people().set_password(ann.id, "another one", then); });
  CHECK_FALSE(house.counts(text));
  CHECK(house.accounts->judge(key).verdict == Judgement::Verdict::good);
  CHECK(house.sign_in("Ann", "password of Ann").verdict == Verdict::wrong);
  CHECK(house.sign_in("Ann", "another one").verdict == Verdict::good);
  for (const std::string& bad : {std::string("short"), std::string(129, 'x')})
    CHECK(error_of([&] {
            waited<User>([&](auto then) { house.people().set_password(ann.id, bad, then); });
          }).place() == "password");
}

TEST_CASE("sessions are listed and ended one by one, each by its owner alone") {
  House house;
  const User ann = house.add("Ann"), bob = house.add("Bob");
  const std::string first = house.session_of("Ann"), second = house.session_of("Ann");
  CHECK(house.people().sessions().of(ann.id).size() == 2);
  CHECK(house.people().sessions().of(bob.id).empty());
  const auto end = [&](const std::string& text, const std::string& user) {
    return waited<Session>([&](auto then) { house.people().sessions().end(text.substr(0, 16), user, then); });
  };
  CHECK(error_of([&] { end(first, bob.id); }).code() == ErrorCode::not_found);
  CHECK(end(first, ann.id).user == ann.id);
  CHECK_FALSE(house.counts(first));
  CHECK(house.counts(second));
  house.open();
  CHECK_FALSE(house.counts(first));
  CHECK(house.counts(second));
}

TEST_CASE("few passwords are hashed at once, and the others are told to wait") {
  Passwords passwords;
  std::atomic<int> answered = 0, refused = 0;
  for (int i = 0; i < 30; ++i)
    passwords.check("password", "", [&](const Outcome<bool>& outcome) {
      const auto* error = std::get_if<Error>(&outcome);
      ++(error == nullptr ? answered : refused);
      if (error != nullptr && error->code() != ErrorCode::busy) answered = 1000;
    });
  CHECK(refused >= 30 - 2 * Passwords::kMostWaiting);
  passwords.close();
  CHECK(answered + refused == 30);
  CHECK(answered >= Passwords::kMostWaiting);
}

TEST_CASE("an invite's code lets in as many as it says") {
  House house;
  const MadeInvite made = waited<MadeInvite>([&](auto then) {
    NewInvite wanted;
    wanted.created_by = "root";
    house.people().make_invite(wanted, then);
  });
  CHECK(error_of([&] { house.add("Ann", UserState::active, "invite_of mine"); }).place() == "invite_code");
  CHECK(house.add("Ann", UserState::active, made.code).name == "Ann");
  CHECK(error_of([&] { house.add("Bob", UserState::active, made.code); }).place() == "invite_code");
}

TEST_CASE("the first administrator's code counts once, for half an hour, and for few tries") {
  int64_t now = 1000;
  SetupCode setup([&] { return now; });
  CHECK_FALSE(setup.take(""));
  std::string code = setup.make();
  CHECK_FALSE(setup.take(code + "x"));
  CHECK(setup.take(code));
  CHECK_FALSE(setup.take(code));
  code = setup.make();
  now += 1800;
  CHECK_FALSE(setup.take(code));
  code = setup.make();
  for (int i = 0; i < 5; ++i) CHECK_FALSE(setup.take("x"));
  CHECK_FALSE(setup.take(code));
  code = setup.make();
  const std::string next = setup.make();
  CHECK_FALSE(setup.take(code));
  CHECK(setup.take(next));
}
