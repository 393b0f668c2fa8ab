#pragma once
// A VAE: between latents, as the sampler sees them, and pixels. Scale and shift are its own business.

#include <memory>

#include "core/api/model_factory.h"

namespace alice {

struct VaeInfo {
  int64_t latent_channels = 4;
  int64_t reduction = 8;      ///< pixels a latent, each way
  double scaling_factor = 1;  ///< the sampler's latents = (raw - shift) * scaling_factor. For people and comparisons
  double shift_factor = 0;
  bool can_encode = true;
};

/// A normal distribution over the sampler's latents, [B, C, H / reduction, W / reduction], float32 on the CPU.
struct LatentDistribution {
  Tensor mean;
  Tensor deviation;  ///< zeros for a VAE that has no variance
};

/// Const and stateless: one object serves every request, from any thread.
class Vae {
 public:
  static constexpr const char* kKind = "vae";

  virtual ~Vae();
  /// Both valid as long as the VAE; never throw.
  virtual const VaeInfo& info() const = 0;
  virtual const ModelWeights& weights() const = 0;
  /// latents [B, C, h, w] float32, the sampler's -> pixels [B, 3, h * reduction, w * reduction] float32 on the CPU, in
  /// [-1, 1] but not clamped. latents is only read; the result is the caller's. Throws Error(bad_request) for another
  /// shape (check_map).
  virtual Tensor decode(const Tensor& latents) const = 0;
  /// pixels [B, 3, H, W] float32 on the CPU in [-1, 1], H and W multiples of reduction; only read. Throws
  /// Error(unsupported) when !can_encode, Error(bad_request) for another shape, Error(bad_weights) when weights that
  /// encoding alone needs are damaged: they may be prepared at its first call.
  virtual LatentDistribution encode(const Tensor& pixels) const = 0;
  /// See Backend::extension.
  virtual const void* extension(const char* name) const;
};
using VaeFactory = ModelFactory<Vae>;

/// For the two methods above: throws Error(bad_request) unless `map`, which `name` names, is [B, channels, H, W] with
/// both sides multiples of `multiple`. Any thread.
void check_map(const Tensor& map, const char* name, int64_t channels, int64_t multiple);

}  // namespace alice
