#include "server/cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace alice {
namespace {

constexpr size_t kUsualColumns = 80;
constexpr size_t kWidestBar = 24;  // on 80 columns the text beside it can grow without moving it
constexpr size_t kNarrowestBar = 10;
constexpr const char* kClearLine = "\r\x1b[K";  // ECMA-48: carriage return, erase to the end of the line

bool stderr_can_redraw() {
  const char* kind = std::getenv("TERM");
  return isatty(STDERR_FILENO) && kind != nullptr && std::string(kind) != "dumb";
}

/// Of the terminal at this moment: people resize windows.
size_t terminal_columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsualColumns;
}

/// "4 s", "3 min 20 s", "2 h 5 min".
std::string duration(double seconds) {
  const auto whole = static_cast<long long>(seconds + 0.5);
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

std::string which_pictures(const PictureProgress& progress) {
  if (progress.all_images == 1) return "";
  const std::string first = std::to_string(progress.first_image + 1),
                    last = std::to_string(progress.first_image + progress.images);
  return (first == last ? "picture " + first : "pictures " + first + "-" + last) + " of " +
         std::to_string(progress.all_images) + ", ";
}

}  // namespace

double PictureProgress::fraction() const {
  const double steps = static_cast<double>(done) / static_cast<double>(total);
  return (static_cast<double>(first_image) + static_cast<double>(images) * steps) / static_cast<double>(all_images);
}

std::string progress_text(const PictureProgress& progress) {
  const std::string text =
      which_pictures(progress) + "step " + std::to_string(progress.done) + "/" + std::to_string(progress.total);
  if (progress.done == 0) return text;
  char pace[32];
  std::snprintf(pace, sizeof pace, "  %.2f s/step  ", progress.batch_seconds / static_cast<double>(progress.done));
  const double fraction = progress.fraction();
  return text + pace +
         (fraction < 1 ? duration(progress.all_seconds * (1 - fraction) / fraction) + " left"
                       : "took " + duration(progress.all_seconds));
}

std::string progress_bar(const PictureProgress& progress, size_t columns) {
  const std::string text = progress_text(progress);
  const size_t around = text.size() + 4;  // two brackets, a blank, and the last column, where some terminals wrap
  if (columns < around + kNarrowestBar) return text.substr(0, columns > 0 ? columns - 1 : 0);
  const size_t width = std::min(columns - around, kWidestBar);
  const auto filled = static_cast<size_t>(static_cast<double>(width) * progress.fraction());
  std::string bar(filled, '=');
  if (filled < width) bar += '>';
  bar.resize(width, ' ');
  return "[" + bar + "] " + text;
}

ProgressDisplay::ProgressDisplay() : ProgressDisplay(std::cerr, stderr_can_redraw()) {}

ProgressDisplay::ProgressDisplay(std::ostream& out, bool is_terminal) : out_(out), is_terminal_(is_terminal) {}

ProgressDisplay::~ProgressDisplay() { finish(); }

void ProgressDisplay::step(int64_t first_image, int64_t images, int64_t all_images, size_t done, size_t total) {
  const auto now = Clock::now();
  if (done == 0) batch_start_ = now;
  if (done == 0 && first_image == 0) start_ = now;
  const auto since = [&](Clock::time_point start) { return std::chrono::duration<double>(now - start).count(); };
  const PictureProgress progress{first_image, images, all_images, done, total, since(batch_start_), since(start_)};
  if (is_terminal_) {
    out_ << kClearLine << progress_bar(progress, terminal_columns()) << std::flush;
    line_is_open_ = true;
  } else if (const int tenths = static_cast<int>(progress.fraction() * 10 + 1e-9); tenths > tenths_shown_) {
    out_ << progress_text(progress) << std::endl;
    tenths_shown_ = tenths;
  }
}

void ProgressDisplay::say(const std::string& text) {
  if (!is_terminal_) {
    out_ << text << std::endl;
    return;
  }
  out_ << kClearLine << text.substr(0, terminal_columns() - 1) << std::flush;
  line_is_open_ = true;
}

void ProgressDisplay::finish() {
  if (line_is_open_) out_ << std::endl;
  line_is_open_ = false;
}

}  // namespace alice
