#include "core/base/nearest.h"

#include "tests/support/catch.h"

using namespace alice;

TEST_CASE("the nearest name is found through typing errors") {
  const std::vector<std::string> names = {"euler", "heun", "ddim", "euler_ancestral"};
  CHECK(nearest("eular", names) == "euler");   // replaced
  CHECK(nearest("eulr", names) == "euler");    // left out
  CHECK(nearest("eulerr", names) == "euler");  // doubled
  CHECK(nearest("eluer", names) == "euler");   // swapped
  CHECK(nearest("EULER", names) == "euler");   // shouted
  CHECK(nearest("euler-ancestral", names) == "euler_ancestral");
}

TEST_CASE("a name that is far from all has no nearest") {
  CHECK(nearest("unipc", {"euler", "heun"}).empty());
  CHECK(nearest("", {"euler"}).empty());
  CHECK(nearest("abc", {}).empty());
  CHECK(nearest(std::string(100000, 'a'), {std::string(100000, 'a')}).empty());
}

TEST_CASE("the hint names the nearest, else what is allowed") {
  CHECK(did_you_mean("stpes", {"steps", "seed"}) == " (did you mean 'steps'?)");
  CHECK(did_you_mean("xyz", {"steps", "seed"}) == " (allowed: steps, seed)");
  CHECK(did_you_mean("xyz", {}).empty());
  CHECK(did_you_mean("xyz", std::vector<std::string>(50, "name")).find("name, ...)") != std::string::npos);
}
