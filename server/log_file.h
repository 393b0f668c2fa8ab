#pragma once
// The log file: rotated by size, its owner's alone, and never the end of the program.

#include <spdlog/sinks/base_sink.h>

#include <cstdint>
#include <filesystem>
#include <mutex>

namespace alice {

/// Appends to `file`. When it would grow beyond `max_bytes` it is renamed (alice.log to alice.1.log, that to
/// alice.2.log, ...), and `backups` of those are kept. Each line is one write of the system, and nothing is held back. A line that
/// cannot be written is dropped: standard error is told once, and the next line that can be written says how many
/// are missing. Any thread.
class LogFile final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  /// Throws Error(bad_config) at `place` when it cannot be opened.
  LogFile(std::filesystem::path file, int64_t max_bytes, int64_t backups, const std::string& place);
  ~LogFile() override;

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

  bool open();
  bool write(const char* bytes, size_t count);
  bool make_room(size_t count);
  std::filesystem::path backup(int64_t number) const;
  void lose(int error_number);

  const std::filesystem::path file_;
  const int64_t max_bytes_, backups_;
  int descriptor_ = -1;
  bool is_regular_ = true;  // a device or a pipe never grows
  int64_t size_ = 0;
  int64_t lost_ = 0;  // lines, since the last that was written
};

}  // namespace alice
