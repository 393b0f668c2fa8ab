#include "server/logging.h"

#include <spdlog/sinks/sink.h>
#include <spdlog/spdlog.h>

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
