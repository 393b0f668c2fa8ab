#pragma once
// Products together with the simple step before them, in one call: what stands between the two need not lie in memory
// as a whole, and need not be read twice. A backend that has these answers extension(kFusedProducts) with a
// FusedProducts; models call the functions at the end of this file, which do without them where it does not.

#include <vector>

#include "core/api/backend.h"

namespace alice {

inline constexpr const char* kFusedProducts = "alice/fused-products/1";

/// What Backend::group_norm() takes beside the map.
struct GroupNorm {
  int64_t groups;
  Tensor weight, bias;  ///< [C]
  double eps;
  Activation activation = Activation::none;  ///< any but geglu
  Tensor added;                              ///< [B, C], added to every pixel before the norm; undefined: nothing
};

/// What Backend::layer_norm() takes beside the tokens.
struct LayerNorm {
  Tensor weight, bias;  ///< [D]
  double eps;
};

/// A linear layer and what follows it.
struct LinearLayer {
  const PreparedWeight& weight;
  Epilogue epilogue = {};
};

/// All that backend.h says of kernels holds for these too: const, any thread, rows that depend on no other row, what is
/// thrown. A result is as near to the exact one as what the backend's single kernels would give one after the other:
/// numbers in between may keep more digits than dtype() has, sums of weights may be rounded where weights would be.
class FusedProducts {
 public:
  /// conv2d(group_norm(x)). x [B, in, H, W] -> [B, out, H', W'].
  virtual Tensor norm_conv2d(const Tensor& x, const GroupNorm& norm, const PreparedWeight& w, const Conv2dShape& shape,
                             const Epilogue& epilogue) const = 0;

  /// linear(layer_norm(x)) for each layer. x [B, ..., in] -> [B, ..., out] (geglu: [B, ..., out / 2]) each; at least
  /// one.
  virtual std::vector<Tensor> norm_linear(const Tensor& x, const LayerNorm& norm,
                                          const std::vector<LinearLayer>& layers) const = 0;

  /// A convolution weight [out, in, 3, 3], as for Backend::prepare_conv2d(), for upsample_conv2d() alone. What weight()
  /// of the result gives is the backend's own affair.
  virtual PreparedWeightPtr prepare_upsample_conv2d(const Tensor& weight, const Tensor& bias) const = 0;
  /// conv2d(each pixel of x as two by two) with a border of one. x [B, in, H, W] -> [B, out, 2 H, 2 W].
  virtual Tensor upsample_conv2d(const Tensor& x, const PreparedWeight& w) const = 0;

 protected:
  ~FusedProducts() = default;
};

/// The backend's own, or null.
const FusedProducts* fused_products(const Backend& backend);

// The methods of the same names, for any backend. `w` of upsample_conv2d() is ModelWeights::upsample_conv2d()'s.
Tensor norm_conv2d(const Backend& backend, const Tensor& x, const GroupNorm& norm, const PreparedWeight& w,
                   const Conv2dShape& shape, const Epilogue& epilogue = {});
std::vector<Tensor> norm_linear(const Backend& backend, const Tensor& x, const LayerNorm& norm,
                                const std::vector<LinearLayer>& layers);
Tensor upsample_conv2d(const Backend& backend, const Tensor& x, const PreparedWeight& w);

// The same by two of the backend's kernels, one after the other: for what a backend's FusedProducts cannot take.
Tensor plain_norm_conv2d(const Backend& backend, const Tensor& x, const GroupNorm& norm, const PreparedWeight& w,
                         const Conv2dShape& shape, const Epilogue& epilogue = {});
std::vector<Tensor> plain_norm_linear(const Backend& backend, const Tensor& x, const LayerNorm& norm,
                                      const std::vector<LinearLayer>& layers);
/// w is a weight [out, in, 3, 3] that the backend's conv2d() takes.
Tensor plain_upsample_conv2d(const Backend& backend, const Tensor& x, const PreparedWeight& w);

}  // namespace alice
