#pragma once
// How quick a backend is: two numbers that are measured in a moment, and corrected by what was really computed.

#include <map>
#include <string>

#include "core/api/backend.h"

namespace alice {

struct BackendSpeed {
  double seconds_a_kernel = 0;     ///< that any call costs, however little it computes
  double seconds_an_operation = 0;

  double seconds(double kernels, double operations) const {
    return kernels * seconds_a_kernel + operations * seconds_an_operation;
  }
};

/// Runs a few small kernels and one of some ten million operations, each several times, and takes the quickest: others
/// may be at work meanwhile. Takes some ten milliseconds. Throws what the kernels throw.
BackendSpeed measure_speed(const Backend& backend);

/// What was measured since, by a word for what was computed ("sd/x, denoise"): how many times as long it took as
/// BackendSpeed says. One thread.
class SpeedCorrections {
 public:
  /// The factor of `what`; of what has not been computed yet, the last one that was noted for `kind`; else 1.
  double factor(const std::string& what, const std::string& kind) const;
  /// `uncorrected`: what BackendSpeed says. Later ones count more than earlier ones.
  void note(const std::string& what, const std::string& kind, double uncorrected, double took);

 private:
  std::map<std::string, double> factors_;  // by what, and by kind
};

}  // namespace alice
