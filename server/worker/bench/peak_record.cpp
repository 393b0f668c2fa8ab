#include "server/worker/bench/peak_record.h"

#include <algorithm>

namespace alice::bench {

void PeakRecord::add(const Kind& kind, double gflops) {
  rounds_.back().emplace_back(kind, gflops);
  double& best = best_[kind];
  best = std::max(best, gflops);
}

std::optional<double> PeakRecord::best(const Kind& kind) const {
  const auto found = best_.find(kind);
  return found == best_.end() ? std::nullopt : std::optional(found->second);
}

int64_t PeakRecord::quiet_rounds() const {
  return std::count_if(rounds_.begin(), rounds_.end(), [&](const auto& round) {
    return std::all_of(round.begin(), round.end(),
                       [&](const auto& peak) { return peak.second >= kQuiet * best_.at(peak.first); });
  });
}

}  // namespace alice::bench
