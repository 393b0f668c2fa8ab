#pragma once
// Standard normal noise as torch's CPU generator draws it: the same seed gives the picture that diffusers gives.

#include <vector>

#include "core/api/scheduler.h"

namespace alice {

/// Row b of every draw comes from a generator of its own, seeded with seeds[b]: an image of a batch has the noise of
/// that image made alone. One object a run; not to be shared between threads.
class SeededNoise : public NoiseSource {
 public:
  explicit SeededNoise(const std::vector<uint64_t>& seeds);
  /// Throws Error(internal) when `like` has not one row a seed.
  Tensor normal_like(const Tensor& like) override;
  /// float32 on the CPU, [seeds, sizes...].
  Tensor normal(at::IntArrayRef row_sizes);

 private:
  std::vector<at::Generator> generators_;
};

}  // namespace alice
