// How long a wrong key takes, measured in pairs, one after the other: with ALICE_LONG=1.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <vector>

#include "server/accounts/accounts.h"
#include "server/accounts/key_text.h"
#include "server/accounts/waited.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

using Look = std::function<void()>;

double seconds_of(const Look& look) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) look();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The median of the quotients of neighbouring runs, of which every other one begins with the second.
double ratio_of(const Look& one, const Look& other) {
  constexpr int kPairs = 40'001;
  std::vector<double> ratios;
  for (int pair = 0; pair < kPairs; ++pair) {
    const bool is_one_first = pair % 2 == 0;
    const double first = seconds_of(is_one_first ? one : other), second = seconds_of(is_one_first ? other : one);
    ratios.push_back(is_one_first ? first / second : second / first);
  }
  std::nth_element(ratios.begin(), ratios.begin() + kPairs / 2, ratios.end());
  return ratios[kPairs / 2];
}

}  // namespace

TEST_CASE("how long a wrong key takes does not tell how much of it is right") {
  if (std::getenv("ALICE_LONG") == nullptr) return;
  const TempFolder folder;
  const auto accounts = Accounts::open(folder.path(), {""});
  const auto made = waited<MadeKey>(
      [&](auto then) { accounts->create({"Ann", "", Level::user, Scopes::usual(Level::user), {}}, then); });
  KeyText good;
  REQUIRE(read_key_text(made.text, good) == KeyForm::whole);
  const auto wrong = [&](size_t letter) {
    KeyText key = good;
    key.secret[letter] = key.secret[letter] == 'A' ? 'E' : 'A';
    return write_key_text(key);
  };
  KeyText strange = good;
  strange.id = "zzzzzzzz";
  const auto look = [&](const std::string& text) { return Look([&accounts, text] { accounts->judge(text); }); };
  const std::string mistyped = made.text.substr(0, made.text.size() - 1);

  const double letters = ratio_of(look(wrong(0)), look(wrong(41)));
  const double ids = ratio_of(look(wrong(0)), look(write_key_text(strange)));
  const double control = ratio_of(look(wrong(0)), look(mistyped));  // which is neither looked up nor compared
  WARN("first letter wrong / last: " << letters << ", another id: " << ids << ", mistyped: " << control);
  CHECK(letters == Approx(1).margin(0.02));
  CHECK(ids == Approx(1).margin(0.05));
  CHECK(control > 1.1);
}
