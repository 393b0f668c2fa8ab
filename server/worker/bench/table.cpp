#include "server/worker/bench/table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include "server/worker/bench/peak_record.h"
#include "server/worker/bench/stage_run.h"

namespace alice::bench {
namespace {

constexpr double kMostOthers = 0.1;  // of the processors: what a run may share with other programs
constexpr size_t kNameWidth = 22, kCellWidth = 10;

std::string title_of(Stage stage) {
  switch (stage) {
    case Stage::text: return "two prompts";
    case Stage::step: return "step with guidance";
    case Stage::vae: return "decoding";
  }
  return "";
}

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

/// Three digits that count, or more: of a microsecond as of an hour. "-" for what is not known.
std::string digits(const Json& number) {
  if (!number.is_number()) return "-";
  const double value = number;
  return fixed(value, value > 0 ? std::clamp(2 - static_cast<int>(std::floor(std::log10(value))), 1, 6) : 1);
}

std::string percent(const Json& share) { return share.is_number() ? fixed(100 * share.get<double>(), 0) + "%" : "-"; }

/// A line of a table, its cells flush right.
std::string row(const std::string& name, const std::vector<std::string>& cells) {
  std::string text = name;
  size_t end = kNameWidth;
  for (const std::string& cell : cells) {
    end += kCellWidth;
    if (!cell.empty())
      text += std::string(std::max(end, text.size() + cell.size() + 1) - text.size() - cell.size(), ' ') + cell;
  }
  return text + "\n";
}

/// `layers`: as in "kinds". Layers without products have no rate.
std::string row_of(const std::string& name, const Json& layers) {
  const bool computes = layers.at("gflop") != 0;
  return row("  " + name,
             {layers.at("calls").dump(), computes ? digits(layers.at("gflop")) : "", digits(layers.at("seconds")),
              computes ? digits(layers.at("gflops")) : "", computes ? percent(layers.at("of_peak")) : ""});
}

/// The dearest first.
std::vector<std::pair<std::string, Json>> by_seconds(const Json& kinds) {
  std::vector<std::pair<std::string, Json>> sorted;
  for (const auto& [name, layers] : kinds.items()) sorted.emplace_back(name, layers);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second.at("seconds").template get<double>() > b.second.at("seconds").template get<double>();
  });
  return sorted;
}

std::string stage_table(const Json& figures, Stage stage) {
  const std::string name = name_of(stage);
  const auto of_stage = [&](const char* figure) { return figures.at(name + figure); };
  const double gflop = of_stage("_gflop"), seconds = of_stage("_seconds"), cpu_seconds = of_stage("_cpu_seconds");
  const Json floor = of_stage("_floor_seconds");
  std::string text = "\n" + row(title_of(stage), {"calls", "GFLOP", "seconds", "GFLOP/s", "of peak"});
  int64_t calls = 0;
  for (const auto& [kind, layers] : by_seconds(figures.at("kinds").at(name))) {
    text += row_of(kind, layers);
    calls += layers.at("calls").get<int64_t>();
  }
  text += row_of("all", {{"calls", calls},
                         {"gflop", gflop},
                         {"seconds", seconds},
                         {"gflops", gflop / seconds},
                         {"of_peak", floor.is_number() ? Json(floor.get<double>() / seconds) : Json()}});
  text += "  threads " + percent(cpu_seconds / seconds / figures.at("threads").get<double>()) + " busy";
  if (floor.is_number()) text += "; " + digits(of_stage("_over_floor")) + " times the floor of " + digits(floor) + " s";
  return text + "\n";
}

std::string subject_table(const Json& figures, int64_t picture_steps) {
  std::string text = "\n" + figures.at("precision").get<std::string>() + ": backend " +
                     figures.at("backend").get<std::string>() + " (" + figures.at("device").get<std::string>() + ")\n";
  text += figures.at("peak_gflops").is_number()
              ? "peak of the processor in this precision: " + digits(figures.at("peak_gflops")) + " GFLOP/s\n"
              : "the peak of this device in this precision is not known, nor any share of it\n";
  for (const Stage stage : kStages) text += stage_table(figures, stage);
  return text + "\n" + std::to_string(picture_steps) + "-step picture: " + digits(figures.at("picture_seconds")) +
         " s; " + digits(figures.at("steps_per_second")) + " steps a second; peak memory " +
         digits(figures.at("peak_rss_bytes").get<double>() * 1e-9) + " GB\n";
}

std::string ratio_table(const Json& report) {
  const Json& first = report.at("precisions").front();
  std::string text = "\n" + report.at("against").at("backend").get<std::string>() + " (" +
                     report.at("against").at("precision").get<std::string>() + ") against " +
                     first.at("backend").get<std::string>() + " (" + first.at("precision").get<std::string>() +
                     "), second to first\n";
  const Json& ratios = report.at("ratios");
  const auto add = [&](const std::string& name, const std::string& figure) {
    if (ratios.contains(figure)) text += row("  " + name, {digits(ratios.at(figure))});
  };
  for (const Stage stage : kStages) add(title_of(stage), std::string(name_of(stage)) + "_seconds");
  add("picture", "picture_seconds");
  add("peak memory", "peak_rss_bytes");
  return text;
}

std::string noise_text(const Json& report) {
  const Json &rounds = report.at("rounds"), &others = report.at("others_share");
  const int64_t asked = rounds.at("asked"), done = rounds.at("done"), quiet = rounds.at("quiet");
  std::string text = "best of " + std::to_string(done) + (done == 1 ? " round" : " rounds");
  if (others.is_number()) text += "; other programs took " + percent(others) + " of the processors meanwhile";
  text += "\n";
  if (quiet < done)
    text += "in " + std::to_string(done - quiet) + " of the rounds the processor's peak lay more than " +
            percent(1 - PeakRecord::kQuiet) + " below its best\n";
  if (quiet < asked || (others.is_number() && others > kMostOthers))
    text += "NOISY: something else runs here; do not trust these figures\n";
  return text;
}

}  // namespace

std::string table_of(const Json& report) {
  const std::string size = report.at("size").dump(), processor = report.at("processor");
  std::string text = report.at("model").get<std::string>() + " at " + size + "x" + size + "; " +
                     (processor.empty() ? "" : processor + "; ") + "alice " + report.at("alice").get<std::string>() +
                     "\n" + noise_text(report);
  for (const auto& [backend, sentence] : report.at("left_out").items())
    text += "left out: " + backend + ": " + sentence.get<std::string>() + "\n";
  for (const Json& figures : report.at("precisions")) text += subject_table(figures, report.at("picture_steps"));
  if (report.contains("against"))
    text += subject_table(report.at("against"), report.at("picture_steps")) + ratio_table(report);
  return text;
}

}  // namespace alice::bench
