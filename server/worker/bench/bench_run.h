#pragma once
// Measures subjects in turn, round by round, and this machine's peaks between them.

#include <map>
#include <memory>
#include <vector>

#include "server/cli/progress.h"
#include "server/worker/bench/peak_record.h"
#include "server/worker/bench/subject_process.h"

namespace alice::bench {

/// Of each stage its quickest run, as a whole: its layers add up to it.
using BestRuns = std::map<Stage, StageRun>;

struct SubjectResult {
  SubjectFacts facts;
  BestRuns best;
  /// Of its precision, on as many threads as it has: nothing for a device of its own, and where peak_gflops() knows
  /// none.
  std::optional<double> peak_gflops;
  int64_t peak_rss_bytes = 0;
};

struct BenchResult {
  std::vector<SubjectResult> subjects;  ///< as they were added
  /// Done: the one that warms up not counted. Quiet: see PeakRecord.
  int64_t rounds_asked = 0, rounds_done = 0, rounds_quiet = 0;
  std::optional<double> others_share;  ///< what other programs took of the processors in those rounds, 0 to 1
};

/// Belongs to one thread.
class BenchRun {
 public:
  explicit BenchRun(ProgressDisplay& display) : display_(display) {}

  /// Loads a subject. Throws as SubjectProcess.
  const SubjectFacts& add(const SubjectOrder& order);

  /// One round that warms up, then rounds until `rounds` of them were quiet, twice as many at most. Throws as
  /// SubjectProcess.
  BenchResult measure(int64_t rounds);

 private:
  struct Entry {
    std::unique_ptr<SubjectProcess> process;
    BestRuns best;
  };
  static std::optional<PeakRecord::Kind> kind_of_peak(const SubjectFacts& facts);
  void warm_up();
  void run_round(const std::string& name);
  void measure_peak(const SubjectFacts& facts);
  SubjectResult result_of(Entry& entry) const;

  ProgressDisplay& display_;
  std::vector<Entry> entries_;
  PeakRecord peaks_;
  double cpu_seconds_of_subjects_ = 0;  // in the rounds
};

}  // namespace alice::bench
