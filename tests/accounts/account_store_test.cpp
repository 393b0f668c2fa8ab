// What every AccountStore must do with keys, written against the interface. A second implementation is added to
// with_each_store(). people_store_test.cpp has the rest.

#include "server/accounts/waited.h"
#include "tests/accounts/each_store.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

AccessKey make_key(const std::string& id, const std::string& user = "Ann") {
  AccessKey key;
  key.id = id;
  key.name = "the laptop's; DROP TABLE keys";
  key.user_name = user;
  key.level = Level::admin;
  key.scopes = {Scope::generate, Scope::models_write};
  key.hash.fill(static_cast<unsigned char>(id.front()));
  key.created_s = 100;
  key.expires_s = 5'000'000'000;
  return key;
}

AccessKey add(AccountStore& store, const AccessKey& key) {
  return waited<AccessKey>([&](auto then) { store.add_key(key, then); });
}
std::vector<AccessKey> all(AccountStore& store) {
  return waited<std::vector<AccessKey>>([&](auto then) { store.list_keys(then); });
}
AccessKey revoke(AccountStore& store, const std::string& id, int64_t now) {
  return waited<AccessKey>([&](auto then) { store.revoke_key(id, now, then); });
}

}  // namespace

TEST_CASE("a key comes back as it was kept, also after the store was closed") {
  with_each_store([](const OpenStore& open) {
    const AccessKey kept = add(*open(), make_key("aaaaaaaa"));
    CHECK_FALSE(kept.user.empty());
    const auto store = open();
    const std::vector<AccessKey> keys = all(*store);
    REQUIRE(keys.size() == 1);
    const AccessKey &key = keys[0], wanted = make_key("aaaaaaaa");
    CHECK(key.id == wanted.id);
    CHECK(key.name == wanted.name);
    CHECK(key.user == kept.user);
    CHECK(key.user_name == "Ann");
    CHECK(key.level == Level::admin);
    CHECK(key.scopes.words() == "generate models:write");
    CHECK(key.hash == wanted.hash);
    CHECK(key.created_s == 100);
    CHECK(key.expires_s == 5'000'000'000);
    CHECK_FALSE(key.last_used_s.has_value());
    CHECK_FALSE(key.revoked_s.has_value());
  });
}

TEST_CASE("keys of one name of a user are one user's, of another another's") {
  with_each_store([](const OpenStore& open) {
    const auto store = open();
    const std::string ann = add(*store, make_key("aaaaaaaa")).user;
    CHECK(add(*store, make_key("bbbbbbbb")).user == ann);
    CHECK(add(*store, make_key("cccccccc", "Bob")).user != ann);
    std::vector<std::string> ids;
    for (const AccessKey& key : all(*store)) ids.push_back(key.id);
    CHECK(ids == std::vector<std::string>{"aaaaaaaa", "bbbbbbbb", "cccccccc"});
  });
}

TEST_CASE("an id is taken once, and the refused key leaves nothing behind") {
  with_each_store([](const OpenStore& open) {
    const auto store = open();
    add(*store, make_key("aaaaaaaa"));
    AccessKey second = make_key("aaaaaaaa", "Eve");
    second.hash.fill(7);
    CHECK(error_of([&] { add(*store, second); }).code() == ErrorCode::bad_request);
    REQUIRE(all(*store).size() == 1);
    CHECK(all(*store)[0].hash == make_key("aaaaaaaa").hash);
  });
}

TEST_CASE("a key is revoked once and for all, and the first time stays") {
  with_each_store([](const OpenStore& open) {
    const auto store = open();
    add(*store, make_key("aaaaaaaa"));
    add(*store, make_key("bbbbbbbb"));
    CHECK(revoke(*store, "aaaaaaaa", 200).revoked_s == 200);
    CHECK(revoke(*store, "aaaaaaaa", 300).revoked_s == 200);
    CHECK_FALSE(all(*store)[1].revoked_s.has_value());
    CHECK(error_of([&] { revoke(*store, "zzzzzzzz", 200); }).code() == ErrorCode::not_found);
  });
}

TEST_CASE("the last use is kept, and no earlier one takes its place") {
  with_each_store([](const OpenStore& open) {
    const auto store = open();
    add(*store, make_key("aaaaaaaa"));
    const auto note = [&](const char* id, int64_t now) {
      return waited<bool>([&](auto then) { store->note_used(id, now, then); });
    };
    CHECK(note("aaaaaaaa", 500));
    CHECK(note("aaaaaaaa", 400));
    CHECK(all(*store)[0].last_used_s == 500);
    CHECK_FALSE(note("zzzzzzzz", 500));
  });
}

TEST_CASE("what was asked is done before the store is gone") {
  with_each_store([](const OpenStore& open) {
    std::atomic<int> answered = 0;
    {
      const auto store = open();
      const auto count = [&](const auto& outcome) { answered += std::holds_alternative<AccessKey>(outcome); };
      for (const char* id : {"aaaaaaaa", "bbbbbbbb", "cccccccc"}) store->add_key(make_key(id), count);
    }
    CHECK(answered == 3);
    CHECK(all(*open()).size() == 3);
  });
}

TEST_CASE("a file that is not ours is left as it is") {
  const TempFolder folder;
  const std::string foreign = folder.write("accounts.sqlite", std::string(4096, 'x')).string();
  CHECK(error_of([&] { open_sqlite_account_store(foreign); }).code() == ErrorCode::bad_config);
  CHECK(bytes_of(foreign) == std::string(4096, 'x'));
}
