#include "core/base/implied_model.h"

#include "tests/support/catch.h"

using namespace alice;

TEST_CASE("without a word the starter model is meant, else the only one, and of several none") {
  CHECK(implied_model({"sd/a", kStarterModel, "sd/z"}) == kStarterModel);
  CHECK(implied_model({"sd/a"}) == "sd/a");
  CHECK(implied_model({"sd/a", "sd/b"}) == "");
  CHECK(implied_model({}) == "");
}
