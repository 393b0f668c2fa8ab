#pragma once
// Ways to compute less of a UNet at some cost of likeness. A UNet that has them answers extension(kUNetShortcuts) with
// a UNetShortcuts.

#include "core/api/unet.h"

namespace alice {

inline constexpr const char* kUNetShortcuts = "alice/unet-shortcuts/1";

struct ShortcutOptions {
  /// Share of the tokens that are merged with their likes before self-attention on the largest map that attends, 0 to
  /// 0.75 (Bolya and Hoffman 2023, "Token Merging for Fast Stable Diffusion").
  double token_merging_ratio = 0;
};

/// A run that can pass over its deep part: between neighbouring steps it hardly changes (Ma et al. 2023, "DeepCache").
/// predict() computes all, and keeps what reaches the highest level from below.
class ShortcutRun : public UNetRun {
 public:
  /// As predict(), but what reaches the highest level from below is what the last predict() found there. Throws
  /// Error(internal) when there was none for latents of x's shape.
  virtual Tensor predict_with_kept_depth(const Tensor& x, const Tensor& t) = 0;
};

/// Const and stateless, as the UNet that it belongs to; any thread.
class UNetShortcuts {
 public:
  /// As UNet::prepare(). With ratio 0, predict() gives what UNet::prepare()'s run gives, to the bit.
  virtual std::unique_ptr<ShortcutRun> prepare_shortcuts(const Conditioning& conditioning,
                                                         const ShortcutOptions& options) const = 0;

 protected:
  ~UNetShortcuts() = default;
};

}  // namespace alice
