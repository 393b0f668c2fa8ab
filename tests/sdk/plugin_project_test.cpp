#include "server/author/plugin_project.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using alice::test::bytes_of;
using alice::test::says;
using alice::test::TempFolder;
namespace fs = std::filesystem;

namespace {

/// Templates of one kind, as small as can be.
fs::path small_templates(const TempFolder& folder) {
  folder.write("templates/common/CMakeLists.txt", "project(my_plugin)\n");
  folder.write("templates/scheduler/my_plugin.cpp", "my_plugin, and my_plugin again\n");
  folder.write("templates/scheduler/weights/config.json", "{}\n");
  return folder / "templates";
}

Error refusal(const PluginProject& project, const fs::path& templates) {
  try {
    write_plugin_project(project, templates);
  } catch (const Error& e) {
    return e;
  }
  FAIL("nothing was refused");
  throw;
}

}  // namespace

TEST_CASE("a project has the files of its kind and the common ones, under its own name") {
  TempFolder folder;
  const fs::path made = write_plugin_project({"soft-steps_2", "scheduler", folder.path()}, small_templates(folder));
  CHECK(made == folder / "soft-steps_2");
  CHECK(bytes_of(made / "CMakeLists.txt") == "project(soft-steps_2)\n");
  CHECK(bytes_of(made / "soft-steps_2.cpp") == "soft-steps_2, and soft-steps_2 again\n");
  CHECK(bytes_of(made / "weights/config.json") == "{}\n");
}

TEST_CASE("a name that is the template's own changes nothing") {
  TempFolder folder;
  const fs::path made = write_plugin_project({"my_plugin", "scheduler", folder.path()}, small_templates(folder));
  CHECK(bytes_of(made / "my_plugin.cpp") == "my_plugin, and my_plugin again\n");
}

TEST_CASE("a name that cannot name a library, a target and a folder is refused") {
  const std::string longest = "x012345678901234567890123456789012345678";
  REQUIRE(longest.size() == 40);
  for (const std::string& name : {std::string("a1"), std::string("soft_steps"), std::string("a-b-c"), longest})
    CHECK_NOTHROW(check_plugin_name(name));
  for (const char* name :
       {"", "a", "A1", "1a", "_a", "a_", "a__b", "a-_b", "a b", "a.b", "a/b", "../a", "a\nb", "\xC3\xA9t\xC3\xA9",
        "x0123456789012345678901234567890123456789", "test", "all", "install"}) {
    INFO(name);
    CHECK_THROWS_AS(check_plugin_name(name), Error);
  }
  TempFolder folder;
  const Error e = refusal({"Soft Steps", "scheduler", folder.path()}, small_templates(folder));
  CHECK(e.code() == ErrorCode::bad_request);
  CHECK(e.place() == "NAME");
  CHECK(says(e.what(), "'Soft Steps'"));
}

TEST_CASE("what is already there is left as it is") {
  TempFolder folder;
  const fs::path templates = small_templates(folder);
  folder.write("mine/notes.txt", "mine");
  fs::create_directory(folder / "empty");
  fs::create_symlink("nowhere", folder / "link");
  for (const char* name : {"mine", "empty", "link"}) {
    INFO(name);
    const Error e = refusal({name, "scheduler", folder.path()}, templates);
    CHECK(e.code() == ErrorCode::bad_request);
    CHECK(says(e.what(), (folder / name).string() + ": is already there"));
  }
  CHECK(bytes_of(folder / "mine/notes.txt") == "mine");
  CHECK(fs::is_empty(folder / "empty"));
  CHECK(fs::is_symlink(folder / "link"));
}

TEST_CASE("a folder or templates that are not there are named, and nothing is left behind") {
  TempFolder folder;
  const fs::path templates = small_templates(folder);
  CHECK(says(refusal({"mine", "scheduler", folder / "no"}, templates).what(), "--into: there is no folder"));
  const Error e = refusal({"mine", "vae", folder.path()}, templates);
  CHECK(e.code() == ErrorCode::not_found);
  CHECK(says(e.what(), (templates / "vae").string()));
  CHECK_FALSE(fs::exists(folder / "mine"));
}

TEST_CASE("a project that cannot be filled leaves nothing behind") {
  TempFolder folder;
  const fs::path templates = small_templates(folder);
  folder.write("templates/scheduler/CMakeLists.txt/in_the_way", "");  // a folder where the common template has a file
  CHECK_THROWS_AS(write_plugin_project({"mine", "scheduler", folder.path()}, templates), Error);
  CHECK_FALSE(fs::exists(folder / "mine"));
}

TEST_CASE("a file that templates share by a link becomes the project's own") {
  TempFolder folder;
  const fs::path templates = small_templates(folder);
  folder.write("templates/shared/tool.py", "pass\n");
  fs::create_symlink("../shared/tool.py", templates / "scheduler/tool.py");
  const fs::path made = write_plugin_project({"mine", "scheduler", folder.path()}, templates);
  CHECK_FALSE(fs::is_symlink(made / "tool.py"));
  CHECK(bytes_of(made / "tool.py") == "pass\n");
}
