#pragma once
// Standard normal noise as torch's CPU generator draws it: the same seed gives the picture that diffusers gives.

#include <vector>

#include "core/api/brownian.h"
#include "core/api/scheduler.h"

namespace alice {

/// Row b of every draw comes from a generator of its own, seeded with seeds[b]: an image of a batch has the noise of
/// that image made alone. One object a run; not to be shared between threads.
class SeededNoise : public NoiseSource, public BrownianSource {
 public:
  explicit SeededNoise(const std::vector<uint64_t>& seeds);
  /// Throws Error(internal) when `like` has not one row a seed.
  Tensor normal_like(const Tensor& like) override;
  /// float32 on the CPU, [seeds, sizes...].
  Tensor normal(at::IntArrayRef row_sizes);

  /// kBrownian: a BrownianTree a row, of the row's seed, as AUTOMATIC1111 has it.
  void* extension(const char* name) override;
  std::unique_ptr<Brownian> motion(double least, double most) override;

 private:
  std::vector<uint64_t> seeds_;
  std::vector<at::Generator> generators_;
  uint64_t motions_ = 0;
};

}  // namespace alice
