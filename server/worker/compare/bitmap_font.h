#pragma once
// Letters for the labels of a sheet, of our own drawing: 5x9 dots, ASCII.

#include <string>

#include "core/api/tensor.h"

namespace alice {

inline constexpr int64_t kLineHeight = 11;  ///< dots from one line of text to the next

/// Pixels that `text` takes at `scale` >= 1 pixels a dot, the gap behind its last letter among them.
int64_t text_width(const std::string& text, int64_t scale);

/// Draws `text`, UTF-8, in black into `picture`, u8 [H, W, 3], which must have room for it: text_width() by
/// kLineHeight * scale. What is no printable ASCII is a box.
void draw_text(const Tensor& picture, const std::string& text, int64_t left, int64_t top, int64_t scale);

}  // namespace alice
