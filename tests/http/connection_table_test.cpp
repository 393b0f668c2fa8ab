// Which connections there are, and which go when there is no room.

#include "server/front/http/wire/connection_table.h"

#include "tests/support/catch.h"

using namespace alice;
using Place = ConnectionTable::Place;

namespace {

struct User : ConnectionUser {
  int ended = 0, forgot = 0;
  void connection_ended() override { ++ended; }
  void forget() override { ++forgot; }
};

std::shared_ptr<ConnectionInput> make_input() {
  const auto budget = std::make_shared<ByteBudget>();
  budget->most = 1 << 20;
  return std::make_shared<ConnectionInput>(
      ReadLimits{}, [](const RawRequest&) { return 100; }, budget);
}

/// Was it made to end?
bool is_ending(const ConnectionTable& table, uint64_t id) { return table.input_of(id) == nullptr; }

}  // namespace

TEST_CASE("a connection's users hear of its end once") {
  ConnectionTable table(10, 2);
  table.add(1, "a", make_input());
  const auto user = std::make_shared<User>();
  table.attach(1, user);
  table.remove(1);
  table.remove(1);
  CHECK(user->ended == 1);
  CHECK(table.size() == 0);
}

TEST_CASE("users of a table that is cleared forget") {
  ConnectionTable table(3, 2);
  table.add(1, "a", make_input());
  const auto user = std::make_shared<User>();
  table.attach(1, user);
  table.clear();
  CHECK(user->forgot == 1);
  CHECK(user->ended == 0);
}

TEST_CASE("an address has its share of connections") {
  ConnectionTable table(7, 2);
  const auto user = std::make_shared<User>();
  for (const uint64_t id : {1, 2}) {
    table.add(id, "a", make_input());
    table.attach(id, user);  // an answer is owed: they cannot go
  }
  CHECK(table.place_for("a") == Place::none);
  CHECK(table.place_for("b") == Place::any);
  table.remove(1);
  CHECK(table.place_for("a") == Place::any);
}

TEST_CASE("when all places are taken the oldest goes that never asked for anything, then the longest idle") {
  ConnectionTable table(4, 4);
  const auto user = std::make_shared<User>();
  for (const uint64_t id : {1, 2, 3, 4}) table.add(id, "a", make_input());
  table.attach(1, user);
  table.is_idle(1);
  table.attach(2, user);  // waits for its answer
  CHECK(table.place_for("b") == Place::any);
  CHECK(is_ending(table, 3));
  table.add(5, "b", make_input());
  CHECK(table.place_for("b") == Place::any);
  CHECK(is_ending(table, 4));
  table.add(6, "b", make_input());
  table.attach(5, user);
  table.attach(6, user);
  CHECK(table.place_for("b") == Place::any);
  CHECK(is_ending(table, 1));
  table.add(7, "b", make_input());
  table.attach(7, user);
  CHECK(table.place_for("b") == Place::none);  // all of them wait
  for (const uint64_t id : {3, 4, 1}) table.remove(id);
  CHECK(table.place_for("b") == Place::none);  // these counted no more
  table.remove(2);
  CHECK(table.place_for("b") == Place::any);
}

TEST_CASE("of an address that has its share its own connections go") {
  ConnectionTable table(7, 2);
  table.add(1, "b", make_input());
  table.add(2, "a", make_input());
  table.add(3, "a", make_input());
  CHECK(table.place_for("a") == Place::any);
  CHECK_FALSE(is_ending(table, 1));
  CHECK(is_ending(table, 2));
}

TEST_CASE("some places are for probes alone") {
  ConnectionTable table(16, 16);  // two of them
  const auto user = std::make_shared<User>();
  uint64_t id = 0;
  while (id < 14) {
    table.add(++id, "a", make_input(), table.place_for("a"));
    table.attach(id, user);
    CHECK_FALSE(table.is_for_probes(id));
  }
  for (const int64_t size : {15, 16, 17}) {
    const Place place = table.place_for("a");
    CHECK(place == Place::probes);
    table.add(++id, "a", make_input(), place);
    CHECK(table.is_for_probes(id));
    CHECK(table.size() == size);  // the third makes the first go, which asked for nothing yet
  }
  CHECK(is_ending(table, 15));
  table.attach(16, user);
  table.attach(17, user);
  CHECK(table.place_for("a") == Place::none);
}
