#include "server/worker/bench/bench_run.h"

#include <utility>

#include "server/worker/bench/other_programs.h"

namespace alice::bench {
namespace {

constexpr int64_t kMostTimesRounds = 2;
// A stage is run again within a round until it has run for that long, as steps of a picture follow each other: the
// first run after another program's finds cold caches, and takes up to a sixth longer.
constexpr double kLeastSeconds = 2.5;

void keep_quicker(BestRuns& best, Stage stage, StageRun run) {
  const auto found = best.find(stage);
  if (found == best.end() || run.seconds < found->second.seconds) best[stage] = std::move(run);
}

}  // namespace

const SubjectFacts& BenchRun::add(const SubjectOrder& order) {
  display_.say("loading " + order.model + (order.backend.empty() ? "" : " on " + order.backend));
  entries_.push_back({std::make_unique<SubjectProcess>(order), {}});
  return entries_.back().process->facts();
}

BenchResult BenchRun::measure(int64_t rounds) {
  warm_up();
  const OtherPrograms others;
  const double used = cpu_seconds();
  for (int64_t round = 1; peaks_.quiet_rounds() < rounds && round <= kMostTimesRounds * rounds; ++round)
    run_round("round " + std::to_string(round) +
              (round <= rounds ? " of " + std::to_string(rounds) : ", for a noisy one"));
  display_.finish();

  BenchResult result;
  result.rounds_asked = rounds;
  result.rounds_done = peaks_.rounds();
  result.rounds_quiet = peaks_.quiet_rounds();
  result.others_share = others.share(cpu_seconds() - used + cpu_seconds_of_subjects_);
  for (Entry& entry : entries_) result.subjects.push_back(result_of(entry));
  return result;
}

void BenchRun::warm_up() {
  for (Entry& entry : entries_) {
    display_.say("warming up " + entry.process->facts().backend);
    for (const Stage stage : kStages) entry.process->run(stage);
  }
}

void BenchRun::run_round(const std::string& name) {
  peaks_.begin_round();
  for (Entry& entry : entries_) {
    display_.say(name + ": " + entry.process->facts().backend);
    for (const Stage stage : kStages) {
      measure_peak(entry.process->facts());
      for (double spent = 0; spent < kLeastSeconds;) {
        StageRun run = entry.process->run(stage);
        spent += run.seconds;
        cpu_seconds_of_subjects_ += run.cpu_seconds;
        keep_quicker(entry.best, stage, std::move(run));
      }
    }
  }
}

std::optional<PeakRecord::Kind> BenchRun::kind_of_peak(const SubjectFacts& facts) {
  const std::optional<Arithmetic> arithmetic = arithmetic_named(facts.precision);
  if (!arithmetic || !facts.is_processor) return std::nullopt;
  return PeakRecord::Kind(*arithmetic, facts.threads);
}

void BenchRun::measure_peak(const SubjectFacts& facts) {
  const std::optional<PeakRecord::Kind> kind = kind_of_peak(facts);
  if (!kind) return;
  if (const std::optional<double> gflops = peak_gflops(kind->first, kind->second)) peaks_.add(*kind, *gflops);
}

SubjectResult BenchRun::result_of(Entry& entry) const {
  const SubjectFacts& facts = entry.process->facts();
  const std::optional<PeakRecord::Kind> kind = kind_of_peak(facts);
  return {facts, entry.best, kind ? peaks_.best(*kind) : std::nullopt, entry.process->peak_memory()};
}

}  // namespace alice::bench
