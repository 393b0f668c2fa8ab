#pragma once
// Noise for intervals: what samplers of stochastic equations ask for, whose intervals overlap (Li et al. 2020,
// "Scalable Gradients for Stochastic Differential Equations").

#include <memory>

#include "core/api/tensor.h"

namespace alice {

/// One run's Brownian motion W in time: the increments of intervals that overlap fit together. Row b of a batch has its
/// own. Not to be shared between threads.
class Brownian {
 public:
  virtual ~Brownian() = default;
  /// (W(to) - W(from)) / sqrt(|to - from|), with the sign of an increment from `from` down to `to`: float32 on the CPU
  /// of `like`'s shape [B, C, h, w], standard normal; a new tensor. The same for the same interval, whenever it is
  /// asked. from > to, both within the motion's range (else they are moved to its ends).
  virtual Tensor between(const Tensor& like, double from, double to) = 0;
};

/// NoiseSource::extension(kBrownian) is a BrownianSource*, valid as long as the source, or null where it has none: then
/// normal_like() is drawn for each interval (core/math/run_noise.h).
inline constexpr const char* kBrownian = "alice/brownian/1";

class BrownianSource {
 public:
  virtual ~BrownianSource() = default;
  /// Over times from `least` to `most`, 0 <= least < most. Lives as long as it is kept, the source may end before. A
  /// further motion of the same source is another one.
  virtual std::unique_ptr<Brownian> motion(double least, double most) = 0;
};

}  // namespace alice
