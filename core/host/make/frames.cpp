#include "core/host/make/frames.h"

#include <algorithm>

namespace alice {
namespace {

/// Lengthens [begin, end) to `length` evenly, and moves it into [0, limit).
void lengthen(int64_t& begin, int64_t& end, int64_t length, int64_t limit) {
  const int64_t more = length - (end - begin);
  begin -= more / 2;
  end += more - more / 2;
  if (end >= limit) begin -= end - limit, end = limit;
  if (begin < 0) end -= begin, begin = 0;
  end = std::min(end, limit);
}

}  // namespace

Frame frame_of(const Box& part, const PictureSize& drawn, Resize resize) {
  Frame frame{part, drawn.width, drawn.height, 0, 0};
  if (resize == Resize::stretch) return frame;
  // Which side decides: the other one is as long as the part's shape makes it.
  const bool is_wider = part.width() * drawn.height > drawn.width * part.height();
  if (is_wider == (resize == Resize::crop))
    frame.scaled_width = std::max<int64_t>(1, part.width() * drawn.height / part.height());
  else
    frame.scaled_height = std::max<int64_t>(1, part.height() * drawn.width / part.width());
  frame.left = drawn.width / 2 - frame.scaled_width / 2;
  frame.top = drawn.height / 2 - frame.scaled_height / 2;
  return frame;
}

Box surroundings(Box box, int64_t padding, const PictureSize& drawn, const PictureSize& picture) {
  box.left = std::max<int64_t>(0, box.left - padding);
  box.top = std::max<int64_t>(0, box.top - padding);
  box.right = std::min(picture.width, box.right + padding);
  box.bottom = std::min(picture.height, box.bottom + padding);
  if (box.width() * drawn.height > drawn.width * box.height())
    lengthen(box.top, box.bottom, box.width() * drawn.height / drawn.width, picture.height);
  else
    lengthen(box.left, box.right, box.height() * drawn.width / drawn.height, picture.width);
  return box;
}

}  // namespace alice
