#include "server/worker/session/front_log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>
#include <mutex>

#include "core/base/one_line.h"

namespace alice {
namespace {

thread_local std::string job_of_thread;

const char* level_name(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::info: return "info";
    case spdlog::level::warn: return "warning";
    case spdlog::level::err: return "error";
    case spdlog::level::critical: return "critical";
    default: return "debug";
  }
}

class FrontSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FrontSink(FrontLink& front) : front_(front) {}

 private:
  /// The message alone: the front adds the time, and what its lines look like.
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string text(message.payload.data(), message.payload.size());
    if (!front_.say(LogLine{level_name(message.level), text, job_of_thread}))
      std::fprintf(stderr, "alice-worker: %s\n", on_one_line(text).c_str());
  }
  void flush_() override {}

  FrontLink& front_;
};

}  // namespace

void start_front_log(FrontLink& front, const LoggingConfig& config) {
  LoggingConfig level_alone = config;
  level_alone.file.reset();  // the front's
  start_logging(level_alone);
  spdlog::default_logger()->sinks() = {std::make_shared<FrontSink>(front)};
}

LogAboutJob::LogAboutJob(const std::string& job) { job_of_thread = job; }
LogAboutJob::~LogAboutJob() { job_of_thread.clear(); }

}  // namespace alice
