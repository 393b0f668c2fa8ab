#pragma once
// How often each of many may do something: a bucket each, which every time empties by a part and which fills evenly
// (generic cell rate algorithm, ITU-T I.371).

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace alice {

/// The time of buckets.
inline int64_t steady_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

/// One thread.
class Buckets {
 public:
  /// `most` times in each window, at once or spread. 1 or more.
  explicit Buckets(int64_t most, int64_t window_ms = kWindowMs)
      : most_(most), window_ms_(window_ms), each_ms_(static_cast<double>(window_ms) / static_cast<double>(most)) {}

  static constexpr int64_t kWindowMs = 60'000;

  int64_t most() const { return most_; }
  /// Takes one time. False, and nothing is taken, when there is none left.
  bool take(const std::string& who, int64_t now_ms);
  /// One that was taken does not count.
  void give_back(const std::string& who);
  /// Times that are left now.
  int64_t left(const std::string& who, int64_t now_ms) const;
  /// Whole seconds until there is one more, at least 1.
  int64_t next_after_s(const std::string& who, int64_t now_ms) const;
  /// Whole seconds until all are there again.
  int64_t full_after_s(const std::string& who, int64_t now_ms) const;
  /// That are remembered; at most kMostRemembered, however many come.
  size_t remembered() const { return full_at_ms_.size(); }
  static constexpr size_t kMostRemembered = 20'000;

 private:
  double owed_ms(const std::string& who, int64_t now_ms) const;
  void forget_the_full(int64_t now_ms);

  const int64_t most_, window_ms_;
  const double each_ms_;
  std::unordered_map<std::string, double> full_at_ms_;
};

}  // namespace alice
