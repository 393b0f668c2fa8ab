#pragma once
// The peaks that were measured between the rounds of a run: the best of them, and how quiet the machine was.

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "server/worker/bench/peak.h"

namespace alice::bench {

/// Belongs to one thread.
class PeakRecord {
 public:
  /// What a peak is of: an arithmetic, on so many threads.
  using Kind = std::pair<Arithmetic, int>;

  /// What is added from now on belongs to a new round.
  void begin_round() { rounds_.emplace_back(); }
  /// After begin_round(). A round may have several of a kind.
  void add(const Kind& kind, double gflops);

  /// Of all rounds; nothing when none was added.
  std::optional<double> best(const Kind& kind) const;
  int64_t rounds() const { return static_cast<int64_t>(rounds_.size()); }
  /// Rounds of which every peak is at least kQuiet of the best of its kind. A later best may make an earlier round a
  /// noisy one.
  int64_t quiet_rounds() const;

  static constexpr double kQuiet = 0.9;

 private:
  std::map<Kind, double> best_;
  std::vector<std::vector<std::pair<Kind, double>>> rounds_;
};

}  // namespace alice::bench
