#include <algorithm>
#include <iostream>

#include "core/base/atomic_file.h"
#include "core/base/one_line.h"
#include "core/io/images.h"
#include "server/cli/picture_names.h"
#include "server/worker/commands.h"
#include "server/worker/compare/report.h"
#include "server/worker/table.h"

namespace alice {
namespace {

constexpr const char* kOurs = "alice-comparison";  // the report in the sheet's file

/// A larger one no reader of ours would read again.
void check_sheet(const ComparisonReport& report) {
  const PictureSize size = size_of(report.sheet());
  const PngLimits limits;
  if (size.width <= limits.side && size.height <= limits.side && size.pixels() <= limits.pixels) return;
  throw Error(ErrorCode::bad_request, "compare",
              "the sheet would have " + to_text(size) + " pixels; " + std::to_string(limits.side) + " a side and " +
                  std::to_string(limits.pixels) + " in all are the most: compare fewer, or smaller ones");
}

std::string name_of_sheet(const CommandLine& line, const Settings& settings) {
  return line.out.empty() ? chosen_name("compare " + settings.prompt, settings.seed, 1) : line.out;
}

/// Writes what is drawn, and tells of it. Returns the sheet's file.
std::string write_sheet(const CommandLine& line, const Settings& settings, const ComparisonReport& report) {
  const DrawnSheet sheet = draw_sheet(report.sheet());
  const std::string file = name_of_sheet(line, settings);
  Json told = report.json(sheet.places);
  write_png(file, {sheet.pixels, {{kOurs, dump_json(told)}}});
  if (line.json) {
    told["sheet"] = file;
    std::cout << dump_json(told, 2) << std::endl;
    return file;
  }
  print_table(report.table());
  if (!report.reference_in_words().empty()) std::cout << report.reference_in_words() << "\n";
  if (!line.quiet) std::cout << file << " (seed " << settings.seed << ")" << std::endl;
  return file;
}

size_t count_of(const DrawnPictures& drawn) {
  return static_cast<size_t>(
      std::count_if(drawn.begin(), drawn.end(), [](const auto& picture) { return picture.has_value(); }));
}

std::vector<std::unique_ptr<Composer>> composers_of(std::vector<HostConfig> hosts,
                                                    const std::shared_ptr<const Registry>& registry,
                                                    const OnLoaded& on_loaded) {
  std::vector<std::unique_ptr<Composer>> composers;
  for (HostConfig& host : hosts)
    composers.push_back(std::make_unique<Composer>(std::move(host), registry, on_loaded));
  return composers;
}

}  // namespace

std::vector<HostConfig> hosts_to_compare(ConfigSources sources, const CommandLine& line) {
  std::vector<HostConfig> hosts;
  std::vector<Fault> faults;
  for (const std::string& backend : backends_to_compare(line)) {
    sources.backend = backend;
    std::vector<Fault> its;
    hosts.push_back(read_config(sources, its).host);
    for (const Fault& fault : its)
      if (std::none_of(faults.begin(), faults.end(), [&](const Fault& known) {
            return known.place == fault.place && known.sentence == fault.sentence;
          }))
        faults.push_back(fault);
  }
  if (!faults.empty()) throw Error(ErrorCode::bad_config, faults);
  return hosts;
}

int run_compare(std::vector<HostConfig> hosts, const std::shared_ptr<const Registry>& registry,
                const OnLoaded& on_loaded, const CommandLine& line) {
  const Comparison comparison = comparison_of(line);
  ComparisonDrawing drawing(comparison, composers_of(std::move(hosts), registry, on_loaded));
  drawing.judge();
  std::optional<Settings> settings;
  const auto report = [&] { return ComparisonReport(line, comparison, *settings, drawing.drawn()); };
  try {
    drawing.draw(line.quiet, [&](const Settings& first) {
      settings = first;
      check_sheet(report());
    });
  } catch (const Error& e) {
    const size_t done = count_of(drawing.drawn());
    if (done == 0) throw;
    const std::string file = write_sheet(line, *settings, report());
    throw Error(e.code(), e.place(), e.sentence() + "; " + file + " has " + std::to_string(done) + " of " +
                                         std::to_string(comparison.pictures.size()) + " pictures");
  }
  write_sheet(line, *settings, report());
  for (const std::string& warning : drawing.warnings())
    std::cerr << "warning: " << on_indented_lines(warning) << "\n";
  return kExitOk;
}

}  // namespace alice
