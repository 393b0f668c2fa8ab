#pragma once
// From runs to figures, as JSON: what `alice bench --json` writes.

#include <string>

#include "server/worker/bench/bench_run.h"

namespace alice::bench {

/// Steps of the picture that picture_seconds tells of.
inline constexpr int64_t kPictureSteps = 20;

/// Of one subject:
///   "backend", "device", "precision", "threads", "peak_gflops", "peak_rss_bytes", "steps_per_second",
///   "picture_seconds" (the stages added up: both prompts, kPictureSteps steps, one decoding);
///   for text, step and vae: "step_gflop" (10^9 operations), "step_seconds", "step_cpu_seconds" (of all threads),
///   "step_floor_seconds" (operations / peak), "step_over_floor";
///   "kinds": {"step": {"conv 3x3": {"calls", "gflop", "seconds", "gflops" (a second), "of_peak"}}}, where "other" is
///   what lies between the layers.
/// What needs a peak is null where there is none.
Json figures_of(const SubjectResult& subject);

/// Second to first: of every number that stands at the same place in both, the first not being 0.
Json ratios_of(const Json& first, const Json& second);

/// What the figures are of, beside the subjects.
struct BenchSetting {
  std::string version;    ///< ALICE's
  std::string processor;  ///< its name
  bool is_comparison;     ///< the second subject is measured against the first
  Json left_out;          ///< {name of a backend: why it was not measured}
};

/// "alice", "processor", "model", "size" (pixels of a side), "guidance_batch", "picture_steps", "rounds": {"asked",
/// "done", "quiet"}, "others_share" (what other programs took of the processors, 0 to 1), "precisions": {"float32":
/// figures_of() ...}, "left_out"; of a comparison also "against": figures_of() and "ratios": ratios_of(). At least one
/// subject; their precisions differ, but in a comparison.
Json report_of(const BenchResult& result, const BenchSetting& setting);

/// Of this machine, from /proc/cpuinfo; "" where it does not tell.
std::string processor_name();

}  // namespace alice::bench
