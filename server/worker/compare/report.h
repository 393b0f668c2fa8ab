#pragma once
// What a comparison has come to: as a sheet, as a table and as JSON.

#include <string>
#include <vector>

#include "server/worker/compare/drawing.h"
#include "server/worker/compare/sheet.h"

namespace alice {

/// Of a comparison and as much of it as is drawn.
class ComparisonReport {
 public:
  /// `settings`: what all pictures share is taken from them. All must outlive the report.
  ComparisonReport(const CommandLine& line, const Comparison& comparison, const Settings& settings,
                   const DrawnPictures& drawn);

  /// The reference has a row of its own, the last, where it is none of the listed pictures.
  Sheet sheet() const;
  /// A row a picture, below a row of names: what is listed, scheduler, steps and backend always, seconds, seconds a
  /// step, PSNR.
  std::vector<std::vector<std::string>> table() const;
  /// "PSNR is measured against ..."; "" without a reference.
  std::string reference_in_words() const;
  /// {"model", "prompt", "negative_prompt", "seed", "width", "height", "pictures": [...], "reference": ... or null,
  /// "not_drawn": number}. A picture: each listed field, "scheduler", "steps", "backend", "seconds",
  /// "seconds_a_step", "psnr_db" (null when equal or without a reference), "identical" (with a reference), and "x", "y"
  /// on the sheet, from draw_sheet()'s places.
  Json json(const std::vector<std::vector<SheetPlace>>& places) const;

 private:
  std::vector<std::string> fields() const;
  Json value_of(const std::string& field, size_t picture) const;
  std::optional<double> psnr_of(size_t picture) const;
  std::string psnr_in_words(size_t picture) const;
  SheetCell cell_of(size_t picture) const;
  std::vector<std::string> title() const;
  Json json_of(size_t picture, const SheetPlace& place) const;

  const CommandLine& line_;
  const Comparison& comparison_;
  const Settings& settings_;
  const DrawnPictures& drawn_;
};

}  // namespace alice
