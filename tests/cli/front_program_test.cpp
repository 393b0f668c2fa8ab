// The program `alice` as people run it.

#include <sys/wait.h>

#include <array>
#include <cstdio>

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using alice::test::says;
using alice::test::TempFolder;
namespace fs = std::filesystem;

namespace {

const std::string kAlice = std::string(ALICE_BUILD_DIR) + "/alice";

struct Run {
  int exit_code = -1;
  std::string output;
};

/// A shell command, its standard error within its output.
Run run(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  Run result;
  std::array<char, 4096> buffer;
  for (size_t count; (count = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    result.output.append(buffer.data(), count);
  const int status = pclose(pipe);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

/// A folder with a copy of alice in it, and with a sibling of our own making.
struct Installed {
  Installed() {
    fs::copy_file(kAlice, folder / "alice");
    fs::create_directory_symlink(std::string(ALICE_BUILD_DIR) + "/lib", folder / "lib");
  }
  void add_worker(const std::string& script) {
    fs::permissions(folder.write("alice-worker", "#!/bin/sh\n" + script), fs::perms::owner_all);
  }
  std::string alice() const { return (folder / "alice").string(); }

  TempFolder folder;
};

}  // namespace

TEST_CASE("alice links no libtorch") {
  const Run libraries = run("ldd " + kAlice);
  CHECK(libraries.exit_code == 0);
  CHECK(says(libraries.output, "libalice-base.so"));
  for (const char* library : {"torch", "libc10", "libalice-core", "not found"})
    CHECK_FALSE(says(libraries.output, library));
}

TEST_CASE("alice answers help, version and wrong use by itself") {
  Installed installed;
  const Run help = run(installed.alice() + " --help");
  CHECK(help.exit_code == 0);
  CHECK(says(help.output, "generate"));
  CHECK(run(installed.alice() + " --version").exit_code == 0);
  CHECK(run(installed.alice() + " generate --stps 3").exit_code == 2);
  CHECK(run(installed.alice()).exit_code == 2);
}

TEST_CASE("alice gives all else to its sibling, with the same words, and its exit code is the sibling's") {
  Installed installed;
  installed.add_worker("for word in \"$@\"; do echo \"[$word]\"; done; exit 7");
  const Run models = run("cd / && " + installed.alice() + " models --json --config 'a b'");
  CHECK(models.exit_code == 7);
  CHECK(models.output == "[models]\n[--json]\n[--config]\n[a b]\n");

  fs::create_symlink(installed.alice(), installed.folder / "link");
  CHECK(run((installed.folder / "link").string() + " models").exit_code == 7);
}

TEST_CASE("alice says what is missing when its sibling is not there") {
  Installed installed;
  const Run models = run(installed.alice() + " models");
  CHECK(models.exit_code == 1);
  CHECK(says(models.output, (installed.folder / "alice-worker").string()));
  CHECK(says(models.output, "No such file"));
}
