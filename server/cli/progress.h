#pragma once
// How far long work is: a bar of pictures, or words, on a terminal; a few plain lines elsewhere.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>

namespace alice {

/// Pictures [first_image, first_image + images) of all_images are being made, with `done` of `total` >= 1 steps behind
/// them.
struct PictureProgress {
  int64_t first_image = 0, images = 1, all_images = 1;
  size_t done = 0, total = 1;
  double batch_seconds = 0;  ///< since the first step of these pictures began
  double all_seconds = 0;    ///< since the first step of all began

  /// Of all the steps of all the pictures, 0 to 1.
  double fraction() const;
};

/// "step 12/20  0.53 s/step  4 s left", with "pictures 3-4 of 4, " before it where there are several.
std::string progress_text(const PictureProgress& progress);
/// "[======>      ] " and that text: shorter than `columns`, so that no terminal wraps; without the bar where there is
/// no room.
std::string progress_bar(const PictureProgress& progress, size_t columns);

/// Shows steps as they are done. Belongs to one thread.
class ProgressDisplay {
 public:
  /// On standard error; a bar if that is a terminal that can redraw a line.
  ProgressDisplay();
  /// `out` must outlive the display.
  ProgressDisplay(std::ostream& out, bool is_terminal);
  /// As finish(): what is printed next, such as an error, has a line of its own.
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  /// When pictures begin (done = 0) and after each of their steps. A terminal's bar is drawn anew; elsewhere a line is
  /// written when another tenth of everything is done, so ten in all at most.
  void step(int64_t first_image, int64_t images, int64_t all_images, size_t done, size_t total);
  /// What is being done now: the terminal's line is written anew, as much of the text as it holds; elsewhere it is a
  /// line of its own.
  void say(const std::string& text);
  /// Ends the terminal's line.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;

  std::ostream& out_;
  const bool is_terminal_;
  Clock::time_point start_ = Clock::now(), batch_start_ = start_;
  int tenths_shown_ = 0;
  bool line_is_open_ = false;
};

}  // namespace alice
