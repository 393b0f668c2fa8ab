#pragma once
// Where a picture lies in what is drawn: sizes and places alone.

#include "core/base/generate_request.h"
#include "core/base/picture_size.h"

namespace alice {

/// A rectangle of pixels; right and bottom are the first ones beyond it.
struct Box {
  int64_t left = 0, top = 0, right = 0, bottom = 0;

  int64_t width() const { return right - left; }
  int64_t height() const { return bottom - top; }
};
inline bool operator==(const Box& a, const Box& b) {
  return a.left == b.left && a.top == b.top && a.right == b.right && a.bottom == b.bottom;
}

/// How a part of the picture lies in what is drawn, in pixels.
struct Frame {
  Box part;                                     ///< of the picture
  int64_t scaled_width = 0, scaled_height = 0;  ///< its size in what is drawn
  int64_t left = 0, top = 0;                    ///< where it lies there; negative: its edges are cut off
};

Frame frame_of(const Box& part, const PictureSize& drawn, Resize resize);

/// `box` with `padding` around it, made as wide or as high as the shape of `drawn` wants and moved into the picture
/// where it would stick out; what has no room there is cut off. As A1111 does.
Box surroundings(Box box, int64_t padding, const PictureSize& drawn, const PictureSize& picture);

}  // namespace alice
