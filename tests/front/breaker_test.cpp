#include "server/front/breaker.h"

#include "tests/support/catch.h"

using namespace alice;
using State = Breaker::State;

namespace {

Breaker::Time at(int seconds) { return Breaker::Time() + std::chrono::seconds(seconds); }

Breaker three_a_minute() { return Breaker({3, std::chrono::seconds(60), std::chrono::seconds(30)}); }

}  // namespace

TEST_CASE("a breaker opens when so many deaths fall into the window, and rests for its pause") {
  Breaker breaker = three_a_minute();
  for (const int seconds : {0, 50}) breaker.note_death(at(seconds));
  CHECK(breaker.state(at(50)) == State::closed);
  breaker.note_death(at(61));  // the first is out of the window
  CHECK(breaker.state(at(61)) == State::closed);
  breaker.note_death(at(70));
  CHECK(breaker.state(at(70)) == State::resting);
  CHECK(breaker.rests_until() == at(100));
  CHECK(breaker.state(at(99)) == State::resting);
  CHECK(breaker.state(at(100)) == State::on_trial);
}

TEST_CASE("on trial one death opens it again, and one job that went well closes it") {
  Breaker breaker = three_a_minute();
  for (const int seconds : {0, 1, 2}) breaker.note_death(at(seconds));
  breaker.note_life(at(10));  // of a worker that had its job before
  CHECK(breaker.state(at(10)) == State::resting);
  breaker.note_death(at(40));
  CHECK(breaker.state(at(40)) == State::resting);
  CHECK(breaker.rests_until() == at(70));
  breaker.note_life(at(71));
  CHECK(breaker.state(at(71)) == State::closed);
  for (const int seconds : {72, 73}) breaker.note_death(at(seconds));
  CHECK(breaker.state(at(73)) == State::closed);
}

TEST_CASE("a breaker of no deaths never opens, and one that is closed by hand has forgotten them") {
  Breaker never({});
  for (int i = 0; i < 1000; ++i) never.note_death(at(0));
  CHECK(never.state(at(0)) == State::closed);
  Breaker breaker = three_a_minute();
  for (int i = 0; i < 3; ++i) breaker.note_death(at(0));
  breaker.close();
  CHECK(breaker.state(at(0)) == State::closed);
  for (int i = 0; i < 2; ++i) breaker.note_death(at(1));
  CHECK(breaker.state(at(1)) == State::closed);
}
