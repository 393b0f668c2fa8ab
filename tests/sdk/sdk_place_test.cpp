#include "server/author/sdk_place.h"

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using alice::test::TempFolder;
namespace fs = std::filesystem;

namespace {

const std::string kPlain = "cmake -B build -DCMAKE_BUILD_TYPE=Release";

fs::path with_package(const TempFolder& folder, const std::string& prefix) {
  folder.write(prefix + "/lib/cmake/ALICE/ALICEConfig.cmake", "");
  return folder / (prefix + "/lib/cmake/ALICE");
}

}  // namespace

TEST_CASE("the SDK of a program lies beside it, of an installation and of a build folder") {
  TempFolder folder;
  const fs::path installed = with_package(folder, "opt");
  folder.write("opt/lib/alice/alice", "");
  CHECK(fs::equivalent(sdk_package(folder / "opt/lib/alice"), installed));
  const fs::path built = with_package(folder, "build");
  CHECK(fs::equivalent(sdk_package(folder / "build"), built));
  folder.write("bare/alice", "");
  CHECK(sdk_package(folder / "bare").empty());
}

TEST_CASE("cmake is told where the SDK lies unless the first one in the PATH is it") {
  TempFolder folder;
  const fs::path ours = with_package(folder, "ours"), other = with_package(folder, "other");
  folder.write("ours/bin/alice", "");
  folder.write("other/bin/alice", "");
  const std::string own = (folder / "ours/bin").string(), others = (folder / "other/bin").string();
  const std::string told = kPlain + " -DALICE_DIR=" + ours.string();
  CHECK(configure_command(ours, "/usr/bin:" + own) == kPlain);
  CHECK(configure_command(ours, own + ":" + others) == kPlain);
  CHECK(configure_command(ours, (folder / "ours").string()) == kPlain);  // a build folder
  CHECK(configure_command(ours, others + ":" + own) == told);
  CHECK(configure_command(ours, "/usr/bin") == told);
  CHECK(configure_command(ours, "") == told);
}

TEST_CASE("a place that a shell would take apart is quoted; without a place there is nothing to say") {
  CHECK(configure_command("/opt/it's mine", "") == kPlain + " '-DALICE_DIR=/opt/it'\\''s mine'");
  CHECK(configure_command("", "/usr/bin") == kPlain);
}
