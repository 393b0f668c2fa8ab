#include "core/base/storage.h"

#include <sys/stat.h>

#include <cerrno>

#include "core/base/kept_folder.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

}  // namespace

TEST_CASE("want of room is storage_full, everything else that a disk does is storage_failed") {
  for (const int number : {ENOSPC, EDQUOT, EFBIG}) CHECK(storage_code(number) == ErrorCode::storage_full);
  for (const int number : {EIO, EROFS, ENOENT, EACCES, ENODEV, ESTALE})
    CHECK(storage_code(number) == ErrorCode::storage_failed);
  const Error error = storage_error("/a/b", "cannot be written", EROFS);
  CHECK(error.place() == "/a/b");
  CHECK(says(error.sentence(), "cannot be written: Read-only file system"));
}

TEST_CASE("a twentieth of a disk is kept free, but never more than was said") {
  CHECK(reserve_of({0, 1'000'000}, 256'000'000) == 50'000);
  CHECK(reserve_of({0, 5'120'000'000}, 256'000'000) == 256'000'000);
  CHECK(reserve_of({0, 1'000'000'000'000}, 256'000'000) == 256'000'000);
  CHECK(reserve_of({0, 1'000'000'000'000}, 0) == 0);
}

TEST_CASE("what would take the reserve is refused with figures, and an unknown disk has room") {
  const TempFolder folder;
  const DiskSpace space = disk_space(folder.path()).value();
  CHECK(space.free > 0);
  CHECK(space.size >= space.free);
  CHECK_NOTHROW(check_room(folder.path(), 0, 0));
  const Error error = error_of([&] { check_room(folder.path(), space.size, 0); });
  CHECK(error.code() == ErrorCode::storage_full);
  CHECK(error.place() == folder.path().string());
  CHECK(says(error.sentence(), "kB are left"));
  CHECK_FALSE(disk_space(folder / "none").has_value());
  CHECK_NOTHROW(check_room(folder / "none", space.size, 0));
}

TEST_CASE("a kept folder is made for its owner alone, whatever the umask, and one that is wider is told") {
  const TempFolder folder;
  const mode_t before = ::umask(0);
  const KeptFolder made(folder / "a/b", "the folder");
  ::umask(before);
  CHECK(mode_of(folder / "a/b") == 0700);
  CHECK(mode_of(folder / "a") == 0700);
  CHECK_FALSE(made.is_open_to_others());
  REQUIRE(::chmod((folder / "a/b").c_str(), 0750) == 0);
  CHECK(KeptFolder(folder / "a/b", "the folder").is_open_to_others());
  CHECK(mode_of(folder / "a/b") == 0750);
}

TEST_CASE("a kept folder that was deleted is missed, and made again") {
  const TempFolder folder;
  const KeptFolder kept(folder / "a/b", "the folder of pictures");
  CHECK_NOTHROW(kept.check());
  std::filesystem::remove_all(folder / "a");
  const Error error = error_of([&] { kept.check(); });
  CHECK(error.code() == ErrorCode::storage_failed);
  CHECK(says(error.sentence(), "the folder of pictures is not there any more"));
  kept.restore();
  CHECK_NOTHROW(kept.check());
  CHECK(mode_of(folder / "a/b") == 0700);
  CHECK_NOTHROW(kept.try_writing());
  CHECK(std::filesystem::is_empty(folder / "a/b"));
}

TEST_CASE("a kept folder on another disk than before is not written to") {
  const TempFolder folder;
  const KeptFolder kept(folder / "a", "the folder");
  std::filesystem::remove(folder / "a");
  std::filesystem::create_directory_symlink("/proc/self", folder / "a");  // as if something else were mounted there
  for (const auto& use : {&KeptFolder::check, &KeptFolder::restore}) {
    const Error error = error_of([&] { (kept.*use)(); });
    CHECK(error.code() == ErrorCode::storage_failed);
    CHECK(says(error.sentence(), "on another disk"));
  }
}

TEST_CASE("a kept folder that cannot be made is the configuration's fault, and named") {
  const TempFolder folder;
  folder.write("file", "");
  const Error error = error_of([&] { KeptFolder(folder / "file/a", "the data folder"); });
  CHECK(error.code() == ErrorCode::bad_config);
  CHECK(says(error.place(), "file/a"));
}
