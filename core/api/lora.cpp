#include "core/api/lora.h"

#include "core/api/finite.h"

namespace alice {
namespace {

/// The file's name of one of the patch's tensors; "" when it has none.
std::string named(const LoraPatch& patch, const char* role) {
  const auto found = patch.tensors.find(role);
  return found == patch.tensors.end() ? "" : found->second;
}

/// What a patch needs here.
std::string factor_of(const WeightSource& file, const LoraPatch& patch, const char* role) {
  const std::string name = named(patch, role);
  if (name.empty())
    throw Error(ErrorCode::internal, file.index().place,
                std::string("its format names no tensor '") + role + "' of a patch whose factors are to be multiplied");
  return name;
}

/// [rows, columns] in float32, whatever follows the second dimension flattened into it.
Tensor matrix(const WeightSource& file, const std::string& name) {
  const Tensor factor = file.tensor(name);
  if (factor.dim() < 2)
    throw Error(ErrorCode::bad_weights, file.index().place, "tensor '" + name + "' must have two or more dimensions");
  return factor.to(at::kCPU, at::kFloat).flatten(1);
}

}  // namespace

std::vector<LoraWord> LoraFormat::words(const TensorIndex&) const { return {}; }

Tensor LoraFormat::change(const WeightSource& file, const LoraPatch& patch, const Tensor& weight) const {
  const std::string up_name = factor_of(file, patch, "up"), down_name = factor_of(file, patch, "down"),
                    mid_name = named(patch, "mid");
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorCode::bad_weights, file.index().place,
                "tensors '" + up_name + "' and '" + down_name + "' make " + what);
  };
  const auto does_not_fit = [&] { refuse("no change of shape " + shape_text(weight.sizes().vec())); };
  const Tensor up = matrix(file, up_name), down = matrix(file, down_name);
  const int64_t up_rank = up.size(1), down_rank = down.size(0);
  Tensor product;
  if (mid_name.empty()) {
    if (up_rank != down_rank) does_not_fit();
    product = up.matmul(down);
  } else {
    // W[o, i, y, x] = sum over a, b of up[o, a] mid[a, b, y, x] down[b, i]: a product of matrices for each y, x.
    const Tensor mid = file.tensor(mid_name).to(at::kCPU, at::kFloat);
    if (weight.dim() != 4 || mid.dim() != 4 || mid.size(0) != up_rank || mid.size(1) != down_rank) does_not_fit();
    product = up.matmul(mid.permute({2, 3, 0, 1})).matmul(down).permute({2, 3, 0, 1}).contiguous();
  }
  if (weight.dim() == 0 || product.numel() != weight.numel() || product.size(0) != weight.size(0)) does_not_fit();
  product = product.reshape(weight.sizes()).mul_(patch.scale);
  if (!all_finite(product)) refuse("a change that is not finite");
  return product;
}

}  // namespace alice
