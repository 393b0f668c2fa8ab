#include "server/worker/bench/figures.h"

#include <fstream>

namespace alice::bench {
namespace {

constexpr double kGiga = 1e9;

Json quotient(double dividend, const std::optional<double>& divisor) {
  if (!divisor || *divisor == 0) return nullptr;
  return dividend / *divisor;
}

Json layer_figures(const LayerAccount& account, const std::optional<double>& peak) {
  const double gflop = account.operations / kGiga;
  const Json gflops = quotient(gflop, account.seconds);
  return {{"calls", account.calls},
          {"gflop", gflop},
          {"seconds", account.seconds},
          {"gflops", gflops},
          {"of_peak", gflops.is_null() ? Json() : quotient(gflops, peak)}};
}

/// What of the run's time no layer took.
LayerAccount rest_of(const StageRun& run) {
  LayerAccount rest;
  rest.seconds = run.seconds;
  for (const auto& [kind, account] : run.layers) rest.seconds -= account.seconds;
  return rest;
}

Json kinds_of(const StageRun& run, const std::optional<double>& peak) {
  Json kinds = {{"other", layer_figures(rest_of(run), peak)}};
  for (const auto& [kind, account] : run.layers) kinds[kind] = layer_figures(account, peak);
  return kinds;
}

void add_stage(Json& figures, const std::string& name, const StageRun& run, const std::optional<double>& peak) {
  const double gflop = run.operations() / kGiga;
  const Json floor = quotient(gflop, peak);
  figures[name + "_gflop"] = gflop;
  figures[name + "_seconds"] = run.seconds;
  figures[name + "_cpu_seconds"] = run.cpu_seconds;
  figures[name + "_floor_seconds"] = floor;
  figures[name + "_over_floor"] = floor.is_null() ? Json() : quotient(run.seconds, floor.get<double>());
  figures["kinds"][name] = kinds_of(run, peak);
}

}  // namespace

Json figures_of(const SubjectResult& subject) {
  const double step = subject.best.at(Stage::step).seconds;
  Json figures = {{"backend", subject.facts.backend},
                  {"device", subject.facts.device},
                  {"precision", subject.facts.precision},
                  {"threads", subject.facts.threads},
                  {"peak_gflops", subject.peak_gflops ? Json(*subject.peak_gflops) : Json()},
                  {"peak_rss_bytes", subject.peak_rss_bytes},
                  {"steps_per_second", quotient(1, step)},
                  {"picture_seconds",
                   subject.best.at(Stage::text).seconds + kPictureSteps * step + subject.best.at(Stage::vae).seconds}};
  for (const auto& [stage, run] : subject.best) add_stage(figures, name_of(stage), run, subject.peak_gflops);
  return figures;
}

Json ratios_of(const Json& first, const Json& second) {
  Json ratios = Json::object();
  for (const auto& [name, value] : first.items()) {
    if (!second.contains(name)) continue;
    if (value.is_object())
      ratios[name] = ratios_of(value, second.at(name));
    else if (value.is_number() && second.at(name).is_number() && value != 0)
      ratios[name] = second.at(name).get<double>() / value.get<double>();
  }
  return ratios;
}

Json report_of(const BenchResult& result, const BenchSetting& setting) {
  const SubjectFacts& facts = result.subjects.front().facts;
  Json report = {
      {"alice", setting.version},
      {"processor", setting.processor},
      {"model", facts.model},
      {"size", facts.size},
      {"guidance_batch", kGuidedBatch},
      {"picture_steps", kPictureSteps},
      {"rounds", {{"asked", result.rounds_asked}, {"done", result.rounds_done}, {"quiet", result.rounds_quiet}}},
      {"others_share", result.others_share ? Json(*result.others_share) : Json()},
      {"precisions", Json::object()},
      {"left_out", setting.left_out}};
  const size_t own = setting.is_comparison ? 1 : result.subjects.size();
  for (size_t k = 0; k < own; ++k)
    report["precisions"][result.subjects[k].facts.precision] = figures_of(result.subjects[k]);
  if (setting.is_comparison) {
    report["against"] = figures_of(result.subjects.at(1));
    report["ratios"] = ratios_of(report["precisions"][facts.precision], report["against"]);
  }
  return report;
}

std::string processor_name() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    const size_t colon = line.find(": ");
    if (colon != std::string::npos && line.compare(0, 10, "model name") == 0) return line.substr(colon + 2);
  }
  return "";
}

}  // namespace alice::bench
