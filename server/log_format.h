#pragma once
// How a line of the log looks.

#include <spdlog/formatter.h>

#include <memory>

namespace alice {

// A message may begin with words of the form name=value, with one blank behind each: "job=0192.. request=a1b2 begun".
// These become fields of their own in JSON, and stay where they are in text. Whatever a message holds, it makes one
// line: on_one_line() says how (core/base/one_line.h).

/// 2026-11-22 08:05:22.123 info job=0192.. begun
std::unique_ptr<spdlog::formatter> make_text_formatter();
/// {"time":"2026-11-22T08:05:22.123Z","level":"info","message":"begun","job":"0192.."}; time is UTC (RFC 3339).
std::unique_ptr<spdlog::formatter> make_json_formatter();

}  // namespace alice
