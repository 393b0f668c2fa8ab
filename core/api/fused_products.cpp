#include "core/api/fused_products.h"

namespace alice {

const FusedProducts* fused_products(const Backend& backend) {
  return static_cast<const FusedProducts*>(backend.extension(kFusedProducts));
}

Tensor norm_conv2d(const Backend& backend, const Tensor& x, const GroupNorm& norm, const PreparedWeight& w,
                   const Conv2dShape& shape, const Epilogue& epilogue) {
  if (const FusedProducts* fused = fused_products(backend)) return fused->norm_conv2d(x, norm, w, shape, epilogue);
  return plain_norm_conv2d(backend, x, norm, w, shape, epilogue);
}

Tensor plain_norm_conv2d(const Backend& backend, const Tensor& x, const GroupNorm& norm, const PreparedWeight& w,
                         const Conv2dShape& shape, const Epilogue& epilogue) {
  const Tensor sum = norm.added.defined() ? x + norm.added.unsqueeze(-1).unsqueeze(-1) : x;
  const Tensor normed = backend.group_norm(sum, norm.groups, norm.weight, norm.bias, norm.eps, norm.activation);
  return backend.conv2d(normed, w, shape, epilogue);
}

std::vector<Tensor> norm_linear(const Backend& backend, const Tensor& x, const LayerNorm& norm,
                                const std::vector<LinearLayer>& layers) {
  if (const FusedProducts* fused = fused_products(backend)) return fused->norm_linear(x, norm, layers);
  return plain_norm_linear(backend, x, norm, layers);
}

std::vector<Tensor> plain_norm_linear(const Backend& backend, const Tensor& x, const LayerNorm& norm,
                                      const std::vector<LinearLayer>& layers) {
  const Tensor normed = backend.layer_norm(x, norm.weight, norm.bias, norm.eps);
  std::vector<Tensor> results;
  for (const LinearLayer& layer : layers) results.push_back(backend.linear(normed, layer.weight, layer.epilogue));
  return results;
}

Tensor upsample_conv2d(const Backend& backend, const Tensor& x, const PreparedWeight& w) {
  if (const FusedProducts* fused = fused_products(backend)) return fused->upsample_conv2d(x, w);
  return plain_upsample_conv2d(backend, x, w);
}

Tensor plain_upsample_conv2d(const Backend& backend, const Tensor& x, const PreparedWeight& w) {
  return backend.conv2d(at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)}), w, {1, 1});
}

}  // namespace alice
