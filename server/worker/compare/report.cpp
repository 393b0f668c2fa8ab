#include "server/worker/compare/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "server/worker/compare/likeness.h"

namespace alice {
namespace {

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

/// Three digits that count.
std::string seconds_in_words(double seconds) {
  const int decimals = seconds > 0 ? std::clamp(2 - static_cast<int>(std::floor(std::log10(seconds))), 0, 5) : 0;
  return fixed(seconds, decimals);
}

const std::vector<std::string> kAlwaysTold = {"scheduler", "steps", kBackendAxis};

}  // namespace

ComparisonReport::ComparisonReport(const CommandLine& line, const Comparison& comparison, const Settings& settings,
                                   const DrawnPictures& drawn)
    : line_(line), comparison_(comparison), settings_(settings), drawn_(drawn) {}

/// Those that are told of every picture.
std::vector<std::string> ComparisonReport::fields() const {
  std::vector<std::string> fields = kAlwaysTold;
  for (const CompareAxis& axis : line_.compare.axes)
    if (std::find(fields.begin(), fields.end(), axis.field) == fields.end()) fields.push_back(axis.field);
  return fields;
}

/// As it was in force for that picture, which is drawn.
Json ComparisonReport::value_of(const std::string& field, size_t picture) const {
  const DrawnPicture& drawn = *drawn_[picture];
  if (field == kBackendAxis) return drawn.backend;
  if (field == "scheduler") return drawn.settings.scheduler.name;
  return write_generate_request(as_request(drawn.settings, drawn.settings.seed)).at(field);
}

std::optional<double> ComparisonReport::psnr_of(size_t picture) const {
  if (!comparison_.reference || !drawn_[picture] || !drawn_[*comparison_.reference]) return std::nullopt;
  return psnr(drawn_[picture]->pixels, drawn_[*comparison_.reference]->pixels);
}

std::string ComparisonReport::psnr_in_words(size_t picture) const {
  if (picture == comparison_.reference) return "reference";
  const auto decibels = psnr_of(picture);
  if (!decibels) return "";
  return std::isinf(*decibels) ? "identical" : fixed(*decibels, 1) + " dB";
}

SheetCell ComparisonReport::cell_of(size_t picture) const {
  if (!drawn_[picture]) return {Tensor(), {"not drawn"}};
  SheetCell cell{drawn_[picture]->pixels, {}};
  if (comparison_.reference) cell.caption.push_back(psnr_in_words(picture));
  cell.caption.push_back(seconds_in_words(drawn_[picture]->seconds) + " s");
  return cell;
}

std::vector<std::string> ComparisonReport::title() const {
  std::string shared = settings_.model + ", seed " + std::to_string(settings_.seed) + ", " +
                       to_text({settings_.width, settings_.height});
  const auto is_listed = [&](const std::string& field) {
    const auto& axes = line_.compare.axes;
    return std::any_of(axes.begin(), axes.end(), [&](const CompareAxis& axis) { return axis.field == field; });
  };
  if (!is_listed("scheduler")) shared += ", " + settings_.scheduler.name;
  if (!is_listed("steps")) shared += ", " + std::to_string(line_.request.steps.value_or(settings_.steps)) + " steps";
  if (!is_listed("guidance_scale")) shared += ", guidance " + in_words(Json(settings_.guidance.scale));
  for (const LoraUse& lora : settings_.loras) shared += ", LoRA " + lora.name + ":" + in_words(Json(lora.strength));
  std::vector<std::string> lines = {settings_.prompt, shared};
  const std::string negative = settings_.negative_prompt.value_or("");
  if (!negative.empty()) lines.insert(lines.begin() + 1, "without: " + negative);
  if (comparison_.reference) lines.push_back(reference_in_words());
  return lines;
}

std::string ComparisonReport::reference_in_words() const {
  return comparison_.reference ? "PSNR is measured against " + comparison_.words_of(*comparison_.reference) + "." : "";
}

Sheet ComparisonReport::sheet() const {
  Sheet sheet{title(), {}, {}, {settings_.width, settings_.height}};
  const auto& pictures = comparison_.pictures;
  if (!line_.compare.axes.empty())
    for (size_t k = 0; k < comparison_.columns; ++k) sheet.columns.push_back(pictures[k].labels.back());
  for (size_t k = 0; k < comparison_.listed(); ++k) {
    if (k % comparison_.columns == 0) {
      sheet.rows.emplace_back().label = pictures[k].labels;
      if (!sheet.rows.back().label.empty()) sheet.rows.back().label.pop_back();  // the column's
    }
    sheet.rows.back().cells.push_back(cell_of(k));
  }
  if (comparison_.is_reference_apart())
    sheet.rows.push_back({pictures.back().labels, {cell_of(comparison_.pictures.size() - 1)}});
  return sheet;
}

std::vector<std::vector<std::string>> ComparisonReport::table() const {
  std::vector<std::string> names = fields();
  names.insert(names.end(), {"seconds", "a step"});
  if (comparison_.reference) names.push_back("PSNR");
  for (std::string& name : names) std::replace(name.begin(), name.end(), '_', ' ');
  std::vector<std::vector<std::string>> rows = {names};
  for (size_t k = 0; k < drawn_.size(); ++k) {
    if (!drawn_[k]) continue;
    std::vector<std::string>& row = rows.emplace_back();
    for (const std::string& field : fields()) row.push_back(in_words(value_of(field, k)));
    row.push_back(seconds_in_words(drawn_[k]->seconds));
    row.push_back(seconds_in_words(drawn_[k]->step_seconds));
    if (comparison_.reference) row.push_back(psnr_in_words(k));
  }
  return rows;
}

Json ComparisonReport::json_of(size_t picture, const SheetPlace& place) const {
  Json json = Json::object();
  for (const std::string& field : fields()) json[field] = value_of(field, picture);
  json["seconds"] = drawn_[picture]->seconds;
  json["seconds_a_step"] = drawn_[picture]->step_seconds;
  const auto decibels = psnr_of(picture);
  json["psnr_db"] = decibels && std::isfinite(*decibels) ? Json(*decibels) : Json();
  if (decibels) json["identical"] = std::isinf(*decibels);
  json["x"] = place.x;
  json["y"] = place.y;
  return json;
}

Json ComparisonReport::json(const std::vector<std::vector<SheetPlace>>& places) const {
  const auto place_of = [&](size_t picture) {
    return places[picture / comparison_.columns][picture % comparison_.columns];
  };
  Json pictures = Json::array();
  for (size_t k = 0; k < comparison_.listed(); ++k)
    if (drawn_[k]) pictures.push_back(json_of(k, place_of(k)));
  const auto missing = std::count(drawn_.begin(), drawn_.end(), std::nullopt);
  const bool has_reference = comparison_.reference && drawn_[*comparison_.reference];
  return {{"model", settings_.model},
          {"prompt", settings_.prompt},
          {"negative_prompt", settings_.negative_prompt.value_or("")},
          {"seed", settings_.seed},
          {"width", settings_.width},
          {"height", settings_.height},
          {"pictures", pictures},
          {"reference", has_reference ? json_of(*comparison_.reference, place_of(*comparison_.reference)) : Json()},
          {"not_drawn", missing}};
}

}  // namespace alice
