// The command lines of keys and storage.

#include "tests/cli/parsed.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("keys create takes a name, whose it is, and what it may be used for") {
  const CommandLine bare = read({"keys", "create", "laptop"});
  CHECK(bare.command == Command::keys_create);
  CHECK(bare.target == "laptop");
  CHECK_FALSE(bare.keys.admin);
  CHECK(bare.keys.user.empty());
  CHECK(bare.keys.scopes.empty());
  CHECK_FALSE(bare.keys.expires_days.has_value());
  const CommandLine line = read({"keys", "create", "Ann's laptop", "--user", "Ann", "--admin", "--expires", "30",
                                 "--scope", "read", "--scope", "models:write", "--data", "d", "--config", "c",
                                 "--json"});
  CHECK(line.target == "Ann's laptop");
  CHECK(line.keys.admin);
  CHECK(line.keys.user == "Ann");
  CHECK(line.keys.expires_days == 30);
  CHECK(line.keys.scopes == Words{"read", "models:write"});
  CHECK(line.data_directory == "d");
  CHECK(line.config_file == "c");
  CHECK(line.json);
}

TEST_CASE("keys list and revoke") {
  CHECK(read({"keys", "list", "--data", "d"}).command == Command::keys_list);
  const CommandLine line = read({"keys", "revoke", "abcdefgh"});
  CHECK(line.command == Command::keys_revoke);
  CHECK(line.target == "abcdefgh");
}

TEST_CASE("the faults of keys are told all at once") {
  const std::string said = refusal({"keys", "create", "x", "--expires", "0", "--scope", "raed", "--scope", "all"});
  for (const char* part : {"--expires: must be an integer from 1 to", "there is no scope 'raed' (did you mean 'read'?)",
                           "there is no scope 'all'"}) {
    INFO(said);
    CHECK(says(said, part));
  }
  CHECK(says(refusal({"keys", "create"}), "NAME"));
  CHECK(says(refusal({"keys", "revoke"}), "ID"));
  CHECK(says(refusal({"keys"}), "create"));
  CHECK(says(refusal({"keys", "crate", "x"}), "did you mean 'create'?"));
  for (const char* shell : {"bash", "zsh", "fish"})
    CHECK(says(parse({"completion", shell}).answer->text, "alice keys create"));
}

TEST_CASE("storage is looked at, and its sweep only tried") {
  CHECK(read({"storage", "status", "--json"}).json);
  const CommandLine sweep = read({"storage", "sweep", "--dry-run", "--data", "/var/lib/alice"});
  CHECK(sweep.command == Command::storage_sweep);
  CHECK(sweep.data_directory == "/var/lib/alice");
}
