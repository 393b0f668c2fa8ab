#pragma once
// Takes a group of workers out of service that dies again and again, and tries it with one job after a pause.

#include <chrono>
#include <cstdint>
#include <deque>

namespace alice {

/// Closed it lets jobs pass. So many deaths within the window open it: the group rests. After the pause it is tried:
/// one worker that does not die of its job closes it, a death opens it again. One thread at a time; the time is given.
class Breaker {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Settings {
    int64_t deaths = 0;  ///< 0: it never opens
    std::chrono::milliseconds window{60'000};
    std::chrono::milliseconds pause{30'000};
  };
  enum class State { closed, resting, on_trial };

  explicit Breaker(const Settings& settings) : settings_(settings) {}

  const Settings& settings() const { return settings_; }
  State state(Time now) const;
  /// When it is tried again; of no meaning while it is closed.
  Time rests_until() const { return rests_until_; }

  void note_death(Time now);
  /// A worker has done with a job and lives.
  void note_life(Time now);
  /// The group was mended: its deaths are forgotten.
  void close();

 private:
  void open(Time now);

  const Settings settings_;
  std::deque<Time> deaths_;  // of the window
  bool is_closed_ = true;
  Time rests_until_;
};

}  // namespace alice
