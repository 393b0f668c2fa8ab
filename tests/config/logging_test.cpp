#include "server/logging.h"

#include <spdlog/sinks/sink.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <regex>

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using alice::test::bytes_of;
using alice::test::error_of;
using alice::test::says;
using alice::test::TempFolder;

namespace {

/// A log of its own for a test; spdlog's default logger is as before afterwards.
class TestLog {
 public:
  explicit TestLog(const LoggingConfig& config) : before_(spdlog::default_logger()) {
    start_logging(config);
    spdlog::default_logger()->sinks().front()->set_level(spdlog::level::off);  // standard error: the tests' own
  }
  ~TestLog() { spdlog::set_default_logger(before_); }

 private:
  std::shared_ptr<spdlog::logger> before_;
};

}  // namespace

TEST_CASE("the log file holds time, level and message of what is serious enough") {
  TempFolder folder;
  LoggingConfig config;
  config.file = (folder / "made/for/it/alice.log").string();
  config.level = LogLevel::error;
  {
    TestLog log(config);
    spdlog::warn("not this");
    spdlog::error("but this");
  }
  CHECK(std::regex_match(bytes_of(*config.file),
                         std::regex(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} error but this\n)")));
}

TEST_CASE("the log file is rotated by size, and no more files are kept than was said") {
  TempFolder folder;
  LoggingConfig config;
  config.file = (folder / "alice.log").string();
  config.level = LogLevel::critical;
  config.max_size_mb = 0.01;
  config.backup_count = 2;
  {
    TestLog log(config);
    for (int i = 0; i < 60; ++i) spdlog::critical(std::string(1000, 'x'));
  }
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    CHECK(entry.file_size() <= 0.01 * 1024 * 1024);
    ++files;
  }
  CHECK(files == 3);
}

TEST_CASE("the log file is its owner's alone, also one that was not") {
  TempFolder folder;
  LoggingConfig config;
  config.file = folder.write("alice.log", "old\n").string();
  REQUIRE(::chmod(config.file->c_str(), 0644) == 0);
  TestLog log(config);
  struct stat status {};
  REQUIRE(::stat(config.file->c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("lines that find no room are counted, and the log goes on when there is some") {
  TempFolder folder;
  LoggingConfig config;
  config.file = (folder / "alice.log").string();
  config.max_size_mb = 1;
  TestLog log(config);
  spdlog::error("before");
  rlimit usual{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &usual) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit full = usual;
  full.rlim_cur = std::filesystem::file_size(*config.file) + 10;  // a part of a line
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &full) == 0);
  for (int i = 0; i < 3; ++i) spdlog::error("lost");
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &usual) == 0);
  std::signal(SIGXFSZ, handler);
  spdlog::error("after");
  const std::string text = bytes_of(*config.file);
  CHECK_FALSE(says(text, "lost"));
  CHECK(says(text, "lines are missing here, for they could not be written: 3\n"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
  CHECK(text.find("before") < text.find("missing"));
  CHECK(text.find("missing") < text.find("after"));
}

TEST_CASE("a log file, or its folder, that is taken away is made again as soon as it can be") {
  TempFolder folder;
  LoggingConfig config;
  config.file = (folder / "log/alice.log").string();
  TestLog log(config);
  spdlog::error("one");
  std::filesystem::remove(*config.file);
  spdlog::error("two");
  CHECK(says(bytes_of(*config.file), "two"));
  std::filesystem::remove_all(folder / "log");
  spdlog::error("lost");
  std::filesystem::create_directory(folder / "log");
  spdlog::error("three");
  CHECK(says(bytes_of(*config.file), "could not be written: 1\n"));
  CHECK(says(bytes_of(*config.file), "three"));
}

TEST_CASE("a log file that cannot be opened is an error at the place that named it") {
  TempFolder folder;
  folder.write("file", "");
  LoggingConfig config;
  config.file = (folder / "file/alice.log").string();
  config.file_place = "config.yaml:3:9";
  const Error error = error_of([&] { start_logging(config); });
  CHECK(error.code() == ErrorCode::bad_config);
  CHECK(error.place() == "config.yaml:3:9");
  CHECK(says(error.sentence(), "alice.log"));
}
