#pragma once
// A sheet of labelled pictures.

#include <string>
#include <vector>

#include "core/api/tensor.h"
#include "core/base/picture_size.h"

namespace alice {

struct SheetCell {
  Tensor pixels;                     ///< u8 [H, W, 3]; undefined: an empty place
  std::vector<std::string> caption;  ///< lines below it
};

struct SheetRow {
  std::vector<std::string> label;  ///< lines before it
  std::vector<SheetCell> cells;
};

struct Sheet {
  std::vector<std::string> title;    ///< above all; broken where the sheet ends
  std::vector<std::string> columns;  ///< above the columns; may be empty
  std::vector<SheetRow> rows;        ///< may differ in length
  PictureSize size;                  ///< of every picture
};

/// A picture's left upper corner on the sheet, in pixels.
struct SheetPlace {
  int64_t x = 0, y = 0;
};

struct DrawnSheet {
  Tensor pixels;                               ///< u8 [H, W, 3]
  std::vector<std::vector<SheetPlace>> places;  ///< of the cells, row by row
};

/// What draw_sheet() will take; no pixels are looked at.
PictureSize size_of(const Sheet& sheet);

/// Not white: pictures are.
inline constexpr int kPaper = 238;

/// Each picture pixel by pixel as it is, on kPaper; text in letters that grow with the pictures.
DrawnSheet draw_sheet(const Sheet& sheet);

}  // namespace alice
