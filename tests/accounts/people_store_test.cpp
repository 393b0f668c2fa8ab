// What every AccountStore must do with users, sessions, invites and the audit.

#include <sodium.h>

#include "server/accounts/waited.h"
#include "tests/accounts/each_store.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

User make_user(const std::string& name, UserState state = UserState::active) {
  User user;
  user.name = name;
  user.password_hash = "$argon2id$of " + name;
  user.level = Level::admin;
  user.state = state;
  user.created_s = 100;
  return user;
}

SecretHash hash_of(unsigned char byte) {
  SecretHash hash;
  hash.fill(byte);
  return hash;
}

/// The interface, waited for.
struct Store {
  explicit Store(const OpenStore& open) : store(open()) {}

  User add(const User& user, std::optional<SecretHash> invite = std::nullopt) {
    return waited<User>([&](auto then) { store->add_user(user, invite, then); });
  }
  std::vector<User> users() {
    return waited<std::vector<User>>([&](auto then) { store->list_users(then); });
  }
  ChangedUser change(const UserChange& change) {
    return waited<ChangedUser>([&](auto then) { store->change_user(change, 500, then); });
  }
  AccessKey add_key(const std::string& id, const std::string& user, Level level) {
    AccessKey key;
    key.id = id;
    key.name = key.user_name = user;
    key.created_s = 100;
    key.level = level;
    return waited<AccessKey>([&](auto then) { store->add_key(key, then); });
  }
  Session add_session(const std::string& id, const std::string& user) {
    Session session = {id, user, hash_of(9), 200, 200, "192.0.2.1", "a browser; DROP TABLE sessions"};
    return waited<Session>([&](auto then) { store->add_session(session, then); });
  }
  std::vector<Session> sessions() {
    return waited<std::vector<Session>>([&](auto then) { store->list_sessions(then); });
  }
  Invite add_invite(Invite invite) {
    return waited<Invite>([&](auto then) { store->add_invite(invite, then); });
  }
  std::vector<Invite> invites() {
    return waited<std::vector<Invite>>([&](auto then) { store->list_invites(then); });
  }
  void note(int64_t time, const std::string& result) {
    AuditEntry entry;
    entry.time_s = time;
    entry.action = "login";
    entry.actor = "Ann";
    entry.result = result;
    waited<AuditEntry>([&](auto then) { store->add_audit(entry, then); });
  }
  std::vector<AuditEntry> audit(int64_t before, int64_t most) {
    return waited<std::vector<AuditEntry>>([&](auto then) { store->list_audit(before, most, then); });
  }

  std::unique_ptr<AccountStore> store;
};

ErrorCode code_of(const std::function<void()>& action) { return error_of(action).code(); }

}  // namespace

TEST_CASE("a user comes back as it was kept, also after the store was closed") {
  with_each_store([](const OpenStore& open) {
    const std::string id = Store(open).add(make_user("Ann", UserState::waiting)).id;
    const std::vector<User> users = Store(open).users();
    REQUIRE(users.size() == 1);
    CHECK(users[0].id == id);
    CHECK(users[0].name == "Ann");
    CHECK(users[0].password_hash == "$argon2id$of Ann");
    CHECK(users[0].level == Level::admin);
    CHECK(users[0].state == UserState::waiting);
    CHECK(users[0].created_s == 100);
  });
}

TEST_CASE("a name is taken once, whatever the case of its letters, also one that a key has named") {
  with_each_store([](const OpenStore& open) {
    Store store(open);
    store.add(make_user("Ann"));
    store.add_key("aaaaaaaa", "Bob", Level::user);
    for (const char* name : {"Ann", "ann", "ANN", "Bob", "bOb"}) {
      const Error error = error_of([&] { store.add(make_user(name)); });
      CHECK(error.code() == ErrorCode::bad_request);
      CHECK(error.place() == "name");
    }
    CHECK(store.users().size() == 2);
    CHECK(store.users()[1].password_hash.empty());
    CHECK(store.users()[1].level == Level::user);
  });
}

TEST_CASE("who is disabled has no session and no key that counts, and gets none") {
  with_each_store([](const OpenStore& open) {
    Store store(open);
    const User ann = store.add(make_user("Ann")), bob = store.add(make_user("Bob"));
    for (const auto& [id, user] : {std::pair("aaaaaaaa", "Ann"), std::pair("bbbbbbbb", "Bob")})
      store.add_key(id, user, Level::user);
    store.add_session("s1", ann.id);
    store.add_session("s2", bob.id);
    UserChange change;
    change.id = ann.id;
    change.state = UserState::disabled;
    const ChangedUser changed = store.change(change);
    CHECK(changed.user.state == UserState::disabled);
    CHECK(changed.user.password_hash == ann.password_hash);
    REQUIRE(changed.keys.size() == 1);
    CHECK(changed.keys[0].revoked_s == 500);
    REQUIRE(store.sessions().size() == 1);
    CHECK(store.sessions()[0].user == bob.id);
    CHECK(error_of([&] { store.add_key("cccccccc", "Ann", Level::user); }).place() == "user");
    CHECK(code_of([&] { store.add_session("s3", ann.id); }) == ErrorCode::not_found);
    change.state = UserState::active;
    CHECK(store.change(change).keys[0].revoked_s == 500);  // for good
    store.add_session("s3", ann.id);
  });
}

TEST_CASE("who is no administrator any more has no administrator's key") {
  with_each_store([](const OpenStore& open) {
    Store store(open);
    const User ann = store.add(make_user("Ann"));
    store.add_key("aaaaaaaa", "Ann", Level::admin);
    store.add_key("bbbbbbbb", "Ann", Level::user);
    store.add_session("s1", ann.id);
    UserChange change;
    change.id = ann.id;
    change.level = Level::user;
    const ChangedUser changed = store.change(change);
    CHECK(changed.user.level == Level::user);
    REQUIRE(changed.keys.size() == 2);
    CHECK(changed.keys[0].revoked_s == 500);
    CHECK_FALSE(changed.keys[1].revoked_s.has_value());
    CHECK(store.sessions().size() == 1);
  });
}

TEST_CASE("a new password ends sessions and no keys; who is removed leaves nothing behind") {
  with_each_store([](const OpenStore& open) {
    Store store(open);
    const User ann = store.add(make_user("Ann"));
    store.add_key("aaaaaaaa", "Ann", Level::user);
    store.add_session("s1", ann.id);
    UserChange change;
    change.id = ann.id;
    change.password_hash = "another";
    CHECK_FALSE(store.change(change).keys[0].revoked_s.has_value());
    CHECK(store.sessions().empty());
    CHECK(store.users()[0].password_hash == "another");

    store.add_session("s2", ann.id);
    const auto remove = [&] { return waited<User>([&](auto then) { store.store->remove_user(ann.id, then); }); };
    CHECK(remove().name == "Ann");
    CHECK(code_of([&] { remove(); }) == ErrorCode::not_found);
    CHECK(code_of([&] { store.change(change); }) == ErrorCode::not_found);
    CHECK(store.users().empty());
    CHECK(store.sessions().empty());
    CHECK(waited<std::vector<AccessKey>>([&](auto then) { store.store->list_keys(then); }).empty());
    CHECK(store.add(make_user("Ann")).id != ann.id);  // another Ann, who inherits nothing
  });
}

TEST_CASE("a session comes back as it was kept, and is seen and removed by its id") {
  with_each_store([](const OpenStore& open) {
    Store store(open);
    const User ann = store.add(make_user("Ann"));
    store.add_session("s1", ann.id);
    store.add_session("s2", ann.id);
    const auto seen = [&](const char* id, int64_t now) {
      return waited<bool>([&](auto then) { store.store->note_seen(id, now, then); });
    };
    CHECK(seen("s1", 300));
    CHECK(seen("s1", 250));
    CHECK_FALSE(seen("zz", 300));
    const Session session = store.sessions()[0];
    CHECK(session.id == "s1");
    CHECK(session.hash == hash_of(9));
    CHECK(session.created_s == 200);
    CHECK(session.seen_s == 300);
    CHECK(session.address == "192.0.2.1");
    CHECK(session.agent == "a browser; DROP TABLE sessions");
    CHECK(waited<int64_t>([&](auto then) { store.store->remove_sessions({"s1", "zz"}, then); }) == 1);
    CHECK(store.sessions().size() == 1);
  });
}

TEST_CASE("an invite is used as often as it says, in its time, and by nobody whose name is taken") {
  with_each_store([](const OpenStore& open) {
    Store store(open);
    store.add_invite({"i1", hash_of(1), 2, 0, "Ann", 50, 150, std::nullopt});
    store.add_invite({"i2", hash_of(2), std::nullopt, 0, "Ann", 50, std::nullopt, std::nullopt});
    store.add(make_user("one"), hash_of(1));
    CHECK(error_of([&] { store.add(make_user("one"), hash_of(1)); }).place() == "name");
    CHECK(store.invites()[0].uses_left == 1);  // that one cost nothing
    store.add(make_user("two"), hash_of(1));
    CHECK(error_of([&] { store.add(make_user("three"), hash_of(1)); }).place() == "invite_code");
    CHECK(store.invites()[0].used == 2);
    CHECK(error_of([&] { store.add(make_user("one"), hash_of(7)); }).place() == "invite_code");  // nothing of the name
    for (const char* name : {"three", "four", "five"}) store.add(make_user(name), hash_of(2));

    store.add_invite({"i3", hash_of(3), 1, 0, "Ann", 50, 100, std::nullopt});  // over at 100, when they come
    CHECK(code_of([&] { store.add(make_user("six"), hash_of(3)); }) == ErrorCode::not_found);
    const auto revoke = [&](const char* id) {
      return waited<Invite>([&](auto then) { store.store->revoke_invite(id, 60, then); });
    };
    CHECK(revoke("i2").revoked_s == 60);
    CHECK(code_of([&] { store.add(make_user("six"), hash_of(2)); }) == ErrorCode::not_found);
    CHECK(code_of([&] { revoke("zz"); }) == ErrorCode::not_found);
  });
}

TEST_CASE("the audit is read a page at a time, and trimmed by age and by number") {
  with_each_store([](const OpenStore& open) {
    Store store(open);
    for (int64_t i = 1; i <= 10; ++i) store.note(i, i % 2 == 0 ? "ok" : "wrong");
    const std::vector<AuditEntry> first = store.audit(0, 4), second = store.audit(first.back().id, 100);
    REQUIRE(first.size() == 4);
    CHECK(first[0].time_s == 10);
    CHECK(first[0].actor == "Ann");
    CHECK(second.size() == 6);
    CHECK(second[0].time_s == 6);

    AuditLimits limits;
    limits.oldest_s = 3;
    limits.most_done = 100;
    limits.most_failed = 2;
    const auto trim = [&] { return waited<int64_t>([&](auto then) { store.store->trim_audit(limits, then); }); };
    CHECK(trim() == 4);  // 1 and 2 are too old; of 3, 5, 7 and 9 two are too many, and nothing that was done
    std::vector<int64_t> times;
    for (const AuditEntry& entry : store.audit(0, 100)) times.push_back(entry.time_s);
    CHECK(times == std::vector<int64_t>{10, 9, 8, 7, 6, 4});
    CHECK(trim() == 0);
  });
}
