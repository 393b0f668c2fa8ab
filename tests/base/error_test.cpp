#include "core/base/error.h"

#include <set>

#include "tests/support/errors.h"

using namespace alice;
using alice::test::error_of;

TEST_CASE("an error reads as place and sentence") {
  CHECK(std::string(Error(ErrorCode::bad_request, "/steps", "must be 1 to 1000, got 0").what()) ==
        "/steps: must be 1 to 1000, got 0");
  CHECK(std::string(Error(ErrorCode::internal, "", "broken").what()) == "broken");
}

TEST_CASE("no fault throws nothing") { CHECK_NOTHROW(Faults().throw_if_any(ErrorCode::bad_config)); }

TEST_CASE("one fault keeps its place, several are told together") {
  Faults faults;
  faults.add("/a", "is wrong");
  const Error one = error_of([&] { faults.throw_if_any(ErrorCode::bad_config); });
  CHECK(one.code() == ErrorCode::bad_config);
  CHECK(one.place() == "/a");
  CHECK(one.sentence() == "is wrong");

  faults.add("", "so is this");
  const Error both = error_of([&] { faults.throw_if_any(ErrorCode::bad_config); });
  CHECK(both.place() == "/a");
  CHECK(both.sentence() == "2 faults:\n  /a: is wrong\n  so is this");
  CHECK(both.what() == both.sentence());
}

TEST_CASE("every code has its own name") {
  std::set<std::string> names;
  for (const ErrorCode code : all_error_codes()) {
    names.insert(to_string(code));
    CHECK(error_code_from(to_string(code)) == code);
  }
  CHECK(names.size() == 11);
  CHECK(error_code_from("no such code") == ErrorCode::internal);
}
