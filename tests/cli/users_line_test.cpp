// The command lines of users.

#include "tests/cli/parsed.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("users has a word for each thing that is done to a user") {
  const CommandLine create = read({"users", "create", "Ann", "--admin", "--data", "d"});
  CHECK(create.command == Command::users);
  CHECK(create.users.what == "create");
  CHECK(create.users.admin);
  CHECK(create.target == "Ann");
  CHECK(create.data_directory == "d");
  CHECK_FALSE(read({"users", "create", "Ann"}).users.admin);
  for (const char* what : {"approve", "disable", "enable", "password"}) {
    CHECK(read({"users", what, "Ann"}).users.what == what);
    CHECK(read({"users", what, "Ann"}).target == "Ann");
    CHECK(says(refusal({"users", what}), "NAME"));
  }
  for (const char* what : {"list", "bootstrap"}) CHECK(read({"users", what}).users.what == what);
  CHECK(read({"users", "list", "--json"}).json);
}

TEST_CASE("a password is never taken from the command line, which others can read") {
  CHECK_FALSE(refusal({"users", "create", "Ann", "--password", "secret"}).empty());
  CHECK_FALSE(refusal({"users", "create", "Ann", "secret"}).empty());
  CHECK(says(refusal({"users", "crate", "Ann"}), "did you mean 'create'?"));
}
