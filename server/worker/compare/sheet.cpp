#include "server/worker/compare/sheet.h"

#include <algorithm>
#include <sstream>

#include "server/worker/compare/bitmap_font.h"

namespace alice {
namespace {

constexpr int64_t kPixelsADot = 256;   // of a picture's shorter side: text grows by a pixel a dot
constexpr int64_t kGap = 6;            // dots between things
constexpr int64_t kLeastLetters = 48;  // of a line of the title
constexpr int kEmptyPlace = 212;

/// `text` in lines of at most `most` pixels, broken at blanks; a longer word is a line of its own, cut off.
std::vector<std::string> broken(const std::string& text, int64_t most, int64_t scale) {
  std::vector<std::string> lines;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    while (text_width(word, scale) > most) word.pop_back();
    if (!lines.empty() && text_width(lines.back() + " " + word, scale) <= most)
      lines.back() += " " + word;
    else
      lines.push_back(word);
  }
  return lines;
}

/// Where everything goes.
class Layout {
 public:
  explicit Layout(const Sheet& sheet) : sheet_(sheet) {
    measure_columns();
    title_ = title_lines();
    rows_top_ = gap_ + height_of(title_) + (title_.empty() ? 0 : gap_) + (sheet.columns.empty() ? 0 : line_);
    int64_t top = rows_top_;
    for (const SheetRow& row : sheet.rows) {
      row_tops_.push_back(top);
      top += height_of(row) + gap_;
    }
    height_ = top;
  }

  PictureSize size() const { return {width_, height_}; }

  DrawnSheet draw() const {
    DrawnSheet drawn;
    drawn.pixels = at::full({height_, width_, 3}, kPaper, at::kByte);
    draw_lines(drawn.pixels, title_, gap_, gap_);
    for (size_t k = 0; k < sheet_.columns.size(); ++k)
      draw_text(drawn.pixels, sheet_.columns[k], column_lefts_[k], rows_top_ - line_, scale_);
    for (size_t k = 0; k < sheet_.rows.size(); ++k) drawn.places.push_back(draw_row(drawn.pixels, k));
    return drawn;
  }

 private:
  void measure_columns() {
    int64_t labels = 0;
    std::vector<int64_t> widths;
    for (const SheetRow& row : sheet_.rows) {
      labels = std::max(labels, width_of(row.label));
      widths.resize(std::max(widths.size(), row.cells.size()), sheet_.size.width);
      for (size_t k = 0; k < row.cells.size(); ++k) widths[k] = std::max(widths[k], width_of(row.cells[k].caption));
    }
    for (size_t k = 0; k < sheet_.columns.size() && k < widths.size(); ++k)
      widths[k] = std::max(widths[k], text_width(sheet_.columns[k], scale_));
    width_ = gap_ + (labels > 0 ? labels + gap_ : 0);
    for (const int64_t width : widths) {
      column_lefts_.push_back(width_);
      width_ += width + gap_;
    }
    width_ = std::max(width_, 2 * gap_ + text_width(std::string(kLeastLetters, ' '), scale_));
  }

  std::vector<std::string> title_lines() const {
    std::vector<std::string> lines;
    for (const std::string& text : sheet_.title)
      for (std::string& line : broken(text, width_ - 2 * gap_, scale_)) lines.push_back(std::move(line));
    return lines;
  }

  int64_t width_of(const std::vector<std::string>& lines) const {
    int64_t width = 0;
    for (const std::string& line : lines) width = std::max(width, text_width(line, scale_));
    return width;
  }
  int64_t height_of(const std::vector<std::string>& lines) const { return static_cast<int64_t>(lines.size()) * line_; }
  int64_t height_of(const SheetRow& row) const {
    int64_t height = height_of(row.label);
    for (const SheetCell& cell : row.cells)
      height = std::max(height, sheet_.size.height + scale_ + height_of(cell.caption));
    return height;
  }

  void draw_lines(const Tensor& picture, const std::vector<std::string>& lines, int64_t left, int64_t top) const {
    for (size_t k = 0; k < lines.size(); ++k)
      draw_text(picture, lines[k], left, top + static_cast<int64_t>(k) * line_, scale_);
  }

  std::vector<SheetPlace> draw_row(const Tensor& picture, size_t row) const {
    const int64_t top = row_tops_[row];
    draw_lines(picture, sheet_.rows[row].label, gap_, top);
    std::vector<SheetPlace> places;
    for (size_t k = 0; k < sheet_.rows[row].cells.size(); ++k) {
      const SheetCell& cell = sheet_.rows[row].cells[k];
      places.push_back({column_lefts_[k], top});
      const Tensor place =
          picture.narrow(0, top, sheet_.size.height).narrow(1, column_lefts_[k], sheet_.size.width);
      if (cell.pixels.defined())
        place.copy_(cell.pixels);
      else
        place.fill_(kEmptyPlace);
      draw_lines(picture, cell.caption, column_lefts_[k], top + sheet_.size.height + scale_);
    }
    return places;
  }

  const Sheet& sheet_;
  const int64_t scale_ = std::max(int64_t{1}, std::min(sheet_.size.width, sheet_.size.height) / kPixelsADot);
  const int64_t line_ = kLineHeight * scale_, gap_ = kGap * scale_;
  int64_t width_ = 0, height_ = 0, rows_top_ = 0;
  std::vector<int64_t> column_lefts_, row_tops_;
  std::vector<std::string> title_;
};

}  // namespace

PictureSize size_of(const Sheet& sheet) { return Layout(sheet).size(); }

DrawnSheet draw_sheet(const Sheet& sheet) { return Layout(sheet).draw(); }

}  // namespace alice
