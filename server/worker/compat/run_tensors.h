#pragma once
// One run of a reference pipeline as the golden holds it, and what is recorded of ours to be compared with it.

#include <string>
#include <vector>

#include "core/math/noise_source.h"
#include "server/worker/compat/compat.h"

namespace alice {

/// A run's tensors by their names within it ("noise0", "unet0/out"): some are stored under an earlier run's.
class RunTensors {
 public:
  RunTensors(const GoldenTable& table, const Json& one);
  bool has(const std::string& name) const { return file_.index().contains(key(name)); }
  Tensor get(const std::string& name) const { return file_.tensor(key(name)); }
  /// By its name in the file ("context/0").
  Tensor shared(const std::string& name) const { return file_.tensor(name); }

 private:
  std::string key(const std::string& name) const;

  const SafetensorsFile& file_;
  std::string id_;
  Json alias_;
};

/// Deals the run's own draws where the golden has them, which must be those of its seed; else draws them.
class RecordedNoise : public NoiseSource {
 public:
  /// One generator for a whole batch, as the reference's pipelines are called. What the golden has drawn once for all
  /// rows, they share. References `run` and `check`.
  RecordedNoise(const RunTensors& run, uint64_t seed, CompatCase& check);
  Tensor normal_like(const Tensor& like) override;
  size_t draws() const { return draws_; }

 private:
  const RunTensors& run_;
  CompatCase& check_;
  at::Generator generator_;
  size_t draws_ = 0;
};

/// What a network was asked.
struct NetworkCalls {
  std::vector<double> times;  ///< of every call
  Tensor sample, out;         ///< of the first: [B, C, h, w]; sample: with what is shown beside
};

/// `sample` as a golden has it, all channels in one -> x for `unet`; what stands behind them goes to `conditioning`.
Tensor split_sample(const Tensor& sample, const UNet& unet, Conditioning& conditioning);
/// Blocks of rows in another order: block i is the `order[i]`-th of `rows`. Empty: as they are.
Tensor in_order(const Tensor& rows, const std::vector<int64_t>& order);

/// `unet`, whose calls are told to `calls`, which must outlive it. It has no shortcuts.
std::shared_ptr<const UNet> watched(std::shared_ptr<const UNet> unet, NetworkCalls& calls);

}  // namespace alice
