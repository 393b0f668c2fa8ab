#include "core/api/lora.h"

namespace alice {
namespace {

/// [rows, columns] in float32, whatever follows the second dimension flattened into it.
Tensor matrix(const WeightSource& file, const std::string& name) {
  const Tensor factor = file.tensor(name);
  if (factor.dim() < 2)
    throw Error(ErrorCode::bad_weights, file.index().place, "tensor '" + name + "' must have two or more dimensions");
  return factor.to(at::kCPU, at::kFloat).flatten(1);
}

[[noreturn]] void does_not_fit(const WeightSource& file, const LoraPatch& patch, const std::vector<int64_t>& shape) {
  throw Error(ErrorCode::bad_weights, file.index().place,
              "tensors '" + patch.up + "' and '" + patch.down + "' make no change of shape " + shape_text(shape));
}

}  // namespace

Tensor LoraFormat::delta(const WeightSource& file, const LoraPatch& patch, const std::vector<int64_t>& shape) const {
  const Tensor up = matrix(file, patch.up);
  const Tensor down = matrix(file, patch.down);
  const int64_t up_rank = up.size(1), down_rank = down.size(0);
  Tensor product;
  if (patch.mid.empty()) {
    if (up_rank != down_rank) does_not_fit(file, patch, shape);
    product = up.matmul(down);
  } else {
    // W[o, i, y, x] = sum over a, b of up[o, a] mid[a, b, y, x] down[b, i]: a product of matrices for each y, x.
    const Tensor mid = file.tensor(patch.mid).to(at::kCPU, at::kFloat);
    if (shape.size() != 4 || mid.dim() != 4 || mid.size(0) != up_rank || mid.size(1) != down_rank)
      does_not_fit(file, patch, shape);
    product = up.matmul(mid.permute({2, 3, 0, 1})).matmul(down).permute({2, 3, 0, 1}).contiguous();
  }
  int64_t wanted = 1;
  for (const int64_t side : shape) wanted *= side;
  if (product.numel() != wanted || product.size(0) != shape[0]) does_not_fit(file, patch, shape);
  product = product.reshape(shape).mul(patch.scale);
  if (!at::isfinite(product).all().item<bool>())
    throw Error(ErrorCode::bad_weights, file.index().place,
                "tensors '" + patch.up + "' and '" + patch.down + "' make a change that is not finite");
  return product;
}

}  // namespace alice
