#include "server/cli/progress.h"

#include <algorithm>
#include <sstream>

#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using alice::test::says;

namespace {

PictureProgress steps(size_t done, size_t total, double seconds) { return {0, 1, 1, done, total, seconds, seconds}; }

size_t count_of(char c, const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), c));
}

size_t lines_of(const std::string& text) { return count_of('\n', text); }

}  // namespace

TEST_CASE("progress tells steps, pace and the time that is left") {
  CHECK(progress_text(steps(0, 20, 0)) == "step 0/20");
  CHECK(progress_text(steps(5, 20, 10)) == "step 5/20  2.00 s/step  30 s left");
  CHECK(progress_text(steps(1, 10, 30)) == "step 1/10  30.00 s/step  4 min 30 s left");
  CHECK(progress_text(steps(1, 100, 120)) == "step 1/100  120.00 s/step  3 h 18 min left");
  CHECK(progress_text(steps(20, 20, 40)) == "step 20/20  2.00 s/step  took 40 s");
}

TEST_CASE("progress over several pictures counts the steps of all of them") {
  const PictureProgress third{2, 1, 4, 5, 10, 5, 25};
  CHECK(third.fraction() == Approx(0.625));
  CHECK(progress_text(third) == "picture 3 of 4, step 5/10  1.00 s/step  15 s left");
  CHECK(says(progress_text({4, 4, 8, 1, 10, 1, 1}), "pictures 5-8 of 8, step 1/10"));
}

TEST_CASE("the bar fits into its line at every width and is full at the end only") {
  for (size_t columns = 0; columns < 200; ++columns)
    for (size_t done = 0; done <= 30; ++done)
      CHECK(progress_bar(steps(done, 30, 3.0 * static_cast<double>(done)), columns).size() <
            std::max<size_t>(columns, 1));
  CHECK(progress_bar(steps(0, 4, 0), 26) == "[>             ] step 0/4");
  CHECK(progress_bar(steps(2, 4, 2), 50) == "[=======>       ] step 2/4  1.00 s/step  2 s left");
  CHECK(progress_bar(steps(4, 4, 4), 50) == "[===============] step 4/4  1.00 s/step  took 4 s");
}

TEST_CASE("in a pipe a long run is at most ten lines and a short one a line for each step") {
  for (size_t total : {1, 3, 10, 11, 50, 999}) {
    std::ostringstream out;
    {
      ProgressDisplay display(out, false);
      for (size_t done = 0; done <= total; ++done) display.step(0, 1, 1, done, total);
    }
    CHECK(lines_of(out.str()) == std::min<size_t>(total, 10));
    CHECK(says(out.str(), std::to_string(total) + "/" + std::to_string(total)));
    CHECK(out.str().find_first_of("\r\x1b") == std::string::npos);
  }
  std::ostringstream out;
  ProgressDisplay display(out, false);
  for (int64_t image = 0; image < 8; ++image)
    for (size_t done = 0; done <= 20; ++done) display.step(image, 1, 8, done, 20);
  CHECK(lines_of(out.str()) == 10);
}

TEST_CASE("on a terminal one line is drawn again and again and ended once") {
  std::ostringstream out;
  {
    ProgressDisplay display(out, true);
    for (size_t done = 0; done <= 5; ++done) display.step(0, 1, 1, done, 5);
    CHECK(lines_of(out.str()) == 0);
    display.finish();
    display.finish();
  }
  CHECK(lines_of(out.str()) == 1);
  CHECK(count_of('\r', out.str()) == 6);

  std::ostringstream broken_off;
  { ProgressDisplay(broken_off, true).step(0, 1, 1, 2, 5); }
  CHECK(lines_of(broken_off.str()) == 1);
}

TEST_CASE("what is being done is a line in a pipe, and takes the place of the last on a terminal") {
  std::ostringstream pipe, terminal;
  {
    ProgressDisplay lines(pipe, false), line(terminal, true);
    for (const char* text : {"loading", "round 1"}) {
      lines.say(text);
      line.say(text);
    }
  }
  CHECK(pipe.str() == "loading\nround 1\n");
  CHECK(terminal.str() == "\r\x1b[Kloading\r\x1b[Kround 1\n");
  std::ostringstream narrow;
  ProgressDisplay(narrow, true).say(std::string(10000, 'x'));
  CHECK(count_of('x', narrow.str()) < 10000);
}
