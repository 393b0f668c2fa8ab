// DoRA (Liu et al. 2024): V = W + change, of which each row (or, in the older form, each column) gets a length that was
// learnt.

#include <ATen/ops/linalg_vector_norm.h>
#include <c10/util/accumulate.h>

#include <limits>

#include "plugins/loras/low_rank/methods/method.h"

namespace alice::low_rank {
namespace {

/// Of columns: [1, in], [1, in, 1, 1]. All else is of rows.
bool is_of_columns(const std::vector<int64_t>& shape) { return shape.size() > 1 && shape[0] == 1 && shape[1] > 1; }

}  // namespace

bool fit_magnitudes(const Module& module) {
  const bool is_rows = module.has(kRowMagnitudes);
  if (!is_rows && !module.has(kMagnitudes)) return true;
  const char* role = is_rows ? kRowMagnitudes : kMagnitudes;
  const std::vector<int64_t>& shape = module.shape(role);
  const int64_t wanted = module.weight()[!is_rows && is_of_columns(shape) ? 1 : 0];
  if (c10::multiply_integers(shape) == wanted) return true;
  return module.fault(role, "has shape " + shape_text(shape) + ", but a weight of shape " +
                                shape_text(module.weight()) + " needs " + std::to_string(wanted) + " magnitudes");
}

Tensor with_magnitudes(const WeightSource& file, const LoraPatch& patch, const Tensor& weight, Tensor change) {
  const Tensor rows = numbers_of(file, patch, kRowMagnitudes);
  const Tensor magnitudes = rows.defined() ? rows : numbers_of(file, patch, kMagnitudes);
  if (!magnitudes.defined()) return change;
  const int64_t kept = !rows.defined() && is_of_columns(magnitudes.sizes().vec()) ? 1 : 0;
  std::vector<int64_t> others, shape(static_cast<size_t>(weight.dim()), 1);
  for (int64_t dimension = 0; dimension < weight.dim(); ++dimension)
    if (dimension != kept) others.push_back(dimension);
  shape[static_cast<size_t>(kept)] = -1;
  const Tensor whole = weight.to(at::kFloat), sum = whole + change;
  const Tensor lengths = at::linalg_vector_norm(sum, 2, others, true).clamp_min(std::numeric_limits<float>::epsilon());
  return sum * (magnitudes.reshape(shape) / lengths) - whole;
}

}  // namespace alice::low_rank
