#pragma once
// A UNet: the network that is asked, at each level, what of x is noise.

#include <map>
#include <memory>
#include <string>

#include "core/api/model_factory.h"

namespace alice {

/// The guidance scale as a conditioning, [B, 1] in any float dtype: a network that is told of it is asked once a step,
/// without the negative prompt.
inline constexpr const char* kGuidanceScale = "guidance_scale";

/// What a network is shown beside the latents, [B, C', h, w] of x's sides, or [B, C', 1, 1] for the same everywhere, in
/// any float dtype: channels that its run joins behind x's own. Five: a mask, 1 where the picture is made anew, and the
/// latents of the picture without that part. Four: the latents of a picture, without the VAE's scale; zeros for none.
inline constexpr const char* kBeside = "beside";

struct UNetInfo {
  int64_t in_channels = 4;  ///< of x
  int64_t out_channels = 4;
  int64_t native_latent_size = 64;  ///< side length that it was trained at
  int64_t context_width = 768;      ///< D of the tokens that it attends to
  /// The conditioning that it needs besides "tokens": name -> width. SDXL: "pooled" [B, P] and "time_ids" [B, 6];
  /// latent consistency models: kGuidanceScale. Of kBeside the width is C'.
  std::map<std::string, int64_t> further_conditioning;
};

/// Named conditioning of a batch: "tokens" [B, T, D] always; a UNet's info says what else. Any float dtype, CPU or the
/// backend's device.
using Conditioning = std::map<std::string, Tensor>;

/// One request's use of a UNet: holds what is computed once (keys and values of the tokens). Not to be shared between
/// threads or requests; keeps its UNet alive.
class UNetRun {
 public:
  virtual ~UNetRun();
  /// x [B, in_channels, h, w] float32 on the CPU, scaled to unit variance; t [B] float32, possibly fractional -> the
  /// raw prediction [B, out_channels, h, w], float32 on the CPU. B is the conditioning's. h and w need not be even. x
  /// and t are only read; the result is the caller's. Throws Error(bad_request) for another shape.
  virtual Tensor predict(const Tensor& x, const Tensor& t) = 0;
  /// As Backend::extension, and not const: an ability may change what the object holds.
  virtual void* extension(const char* name);
};

/// Const and stateless: one object serves every request, from any thread.
class UNet : public std::enable_shared_from_this<UNet> {
 public:
  static constexpr const char* kKind = "unet";

  virtual ~UNet();
  /// Both valid as long as the UNet; never throw.
  virtual const UNetInfo& info() const = 0;
  virtual const ModelWeights& weights() const = 0;
  /// Begins a request. `conditioning` is only read, and not kept beyond tensors that the run shares. The UNet must be
  /// owned by a shared_ptr. Throws Error(bad_request) when a conditioning is missing or of another width.
  virtual std::unique_ptr<UNetRun> prepare(const Conditioning& conditioning) const = 0;
  /// A new UNet with changed weights that shares all others; *this is left as it is. Throws as ModelWeights::patched().
  virtual std::shared_ptr<const UNet> patched(const Deltas& deltas) const = 0;
  /// See Backend::extension.
  virtual const void* extension(const char* name) const;
};
using UNetFactory = ModelFactory<UNet>;

}  // namespace alice
