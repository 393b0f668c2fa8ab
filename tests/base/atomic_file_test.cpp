#include "core/base/atomic_file.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <optional>

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

size_t entries(const std::filesystem::path& folder) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("a file has its name only after the commit") {
  const TempFolder folder;
  AtomicFile file(folder / "a.txt");
  file.write("one ");
  file.write("two");
  CHECK_FALSE(std::filesystem::exists(folder / "a.txt"));
  file.commit();
  CHECK(bytes_of(folder / "a.txt") == "one two");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a file that is not committed leaves nothing behind, and what was there stays") {
  const TempFolder folder;
  folder.write("a.txt", "old");
  { AtomicFile(folder / "a.txt").write("new"); }
  CHECK(bytes_of(folder / "a.txt") == "old");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a committed file replaces what was there, and has the usual permissions") {
  const TempFolder folder;
  folder.write("a.txt", "old");
  AtomicFile file(folder / "a.txt");
  file.write("new");
  file.commit();
  CHECK(bytes_of(folder / "a.txt") == "new");
  struct stat status {};
  REQUIRE(::stat((folder / "a.txt").c_str(), &status) == 0);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  CHECK((status.st_mode & 0777) == (0666 & ~mask));
}

TEST_CASE("a name as long as the file system allows can be written") {
  const TempFolder folder;
  AtomicFile file(folder / std::string(255, 'x'));
  file.commit();
  CHECK(std::filesystem::exists(folder / std::string(255, 'x')));
}

TEST_CASE("a folder that is not there, and a name that is one, are errors that name the file") {
  const TempFolder folder;
  const Error missing = error_of([&] { AtomicFile(folder / "none/a.txt"); });
  CHECK(missing.code() == ErrorCode::not_found);
  CHECK(says(missing.place(), "none/a.txt"));

  std::filesystem::create_directories(folder / "taken/inside");
  const Error taken = error_of([&] { AtomicFile(folder / "taken").commit(); });
  CHECK(taken.code() == ErrorCode::storage_failed);
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a disk that takes no more bytes is an error, and nothing torn is left") {
  // The system's limit on a file's size fails where a full disk does.
  const TempFolder folder;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 4096;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  std::optional<Error> error;
  try {
    AtomicFile file(folder / "a.bin");
    file.write(std::string(10000, 'x'));
    file.commit();
  } catch (const Error& thrown) {
    error = thrown;
  }
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, handler);

  REQUIRE(error.has_value());
  CHECK(error->code() == ErrorCode::storage_full);
  CHECK(says(error->sentence(), "cannot be written"));
  CHECK(entries(folder.path()) == 0);
}
