// The plain bodies of the kernels, in ATen. Each computes one row at a time: libtorch chooses algorithms by the whole
// batch (its float32 convolution of a small map is another one for a batch of one), and its elementwise loops round the
// tail of an array unlike the rest (a vector exponential and a scalar one), so only a row that is computed alone keeps
// its last bit.

#include "core/api/backend.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace alice {
namespace {

// Scores of one block of queries in attention(): 4 MB of float32. A 4096 x 4096 map of 16 heads would take 1 GB at once,
// and blocks of 64 MB come from the kernel and go back to it each time, a page fault every 4 kB.
constexpr int64_t kScoreElements = int64_t{1} << 20;

Tensor converted(const Tensor& tensor, const Backend& backend) {
  if (!tensor.defined()) return {};
  // Always a copy of its own: the source may be a view of a file that somebody overwrites later.
  return tensor.to(at::TensorOptions(backend.device()).dtype(backend.dtype()), /*non_blocking=*/false, /*copy=*/true)
      .contiguous();
}

/// May overwrite x.
Tensor activate_row(Tensor x, Activation activation) {
  switch (activation) {
    case Activation::none: return x;
    case Activation::silu: return at::silu_(x);
    case Activation::gelu: return at::gelu(x);
    case Activation::quick_gelu: return x.mul_(at::sigmoid(x * 1.702));
    case Activation::relu: return at::relu_(x);
    case Activation::geglu: {
      const auto halves = x.chunk(2, -1);
      return at::gelu(halves[1]).mul_(halves[0]);
    }
  }
  return x;
}

Tensor finish_row(Tensor product, const Epilogue& epilogue, int64_t row) {
  Tensor result = activate_row(std::move(product), epilogue.activation);
  if (epilogue.residual) result.add_(epilogue.residual->narrow(0, row, 1));
  return result;
}

/// Calls compute(k) -> [1, ...] for each k below `count` and joins the results.
template <class Compute>
Tensor join_rows(int64_t count, const Compute& compute) {
  if (count == 1) return compute(int64_t{0});
  Tensor result;
  for (int64_t k = 0; k < count; ++k) {
    const Tensor row = compute(k);
    if (!result.defined()) {
      std::vector<int64_t> shape = row.sizes().vec();
      shape[0] = count;
      result = at::empty(shape, row.options());
    }
    result.narrow(0, k, 1).copy_(row);
  }
  return result;
}

Tensor row_of(const Tensor& x, int64_t k) { return x.narrow(0, k, 1).contiguous(); }

/// Whether libtorch's products of tensors like `x` keep their sums in float32. In bfloat16 its own loops, which it takes
/// where oneDNN has none (processors without AVX-512: mkldnn_bf16_device_check() in ATen/native/mkldnn/Utils.h of 1.13),
/// keep them in bfloat16: sums of a few hundred terms lose more than the contract allows, of thousands nearly all.
bool sums_in_float32(const Tensor& x) {
#if defined(__x86_64__)
  static const bool has_products = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                                   __builtin_cpu_supports("avx512dq");
#else
  static const bool has_products = false;
#endif
  return x.scalar_type() != at::kBFloat16 || !x.device().is_cpu() || has_products;
}

/// The product of one row, whose sums are in float32 whatever the dtype.
Tensor convolved(const Tensor& row, const Tensor& weight, const Tensor& bias, const Conv2dShape& shape) {
  if (sums_in_float32(row)) return at::conv2d(row, weight, bias, shape.stride, shape.padding);
  const Tensor shift = bias.defined() ? bias.to(at::kFloat) : bias;
  return at::conv2d(row.to(at::kFloat), weight.to(at::kFloat), shift, shape.stride, shape.padding)
      .to(row.scalar_type());
}

/// softmax of scores [heads, n, Sk] whose first query is number `first`; float32 in and out.
Tensor probabilities(Tensor scores, bool causal, int64_t first) {
  if (causal) {
    const Tensor later = at::ones({scores.size(1), scores.size(2)}, scores.options().dtype(at::kBool)).triu_(first + 1);
    scores.masked_fill_(later, -std::numeric_limits<float>::infinity());
  }
  return at::softmax(scores, -1);
}

/// One row of attention: q [1, Sq, heads * d], k and v [1, Sk, heads * d].
Tensor attention_row(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads, double scale, bool causal) {
  const int64_t queries = q.size(1), keys = k.size(1), width = q.size(2), d = width / heads;
  const auto split = [&](const Tensor& x, int64_t length) {
    return x.view({length, heads, d}).transpose(0, 1);
  };  // [heads, S, d]
  // Scores in float32 whatever the dtype: bfloat16 would round a score of 50 by 0.2, and its exponential by a fifth.
  // That is also what models ask for that say upcast_attention.
  const Tensor q_heads = split(q, queries).to(at::kFloat) * scale;
  const Tensor k_heads = split(k, keys).to(at::kFloat).transpose(1, 2);  // [heads, d, Sk]
  const Tensor v_heads = sums_in_float32(v) ? split(v, keys) : split(v, keys).to(at::kFloat);
  Tensor result = at::empty({1, queries, width}, q.options());
  const Tensor result_heads = split(result, queries);
  const int64_t block = std::max<int64_t>(1, kScoreElements / (heads * keys));
  for (int64_t first = 0; first < queries; first += block) {
    const int64_t count = std::min(block, queries - first);
    const Tensor p = probabilities(at::bmm(q_heads.narrow(1, first, count), k_heads), causal, first);
    result_heads.narrow(1, first, count).copy_(at::bmm(p.to(v_heads.scalar_type()), v_heads));
  }
  return result;
}

}  // namespace

Tensor Backend::to_device(const Tensor& x) const { return x.to(at::TensorOptions(device()).dtype(dtype())); }

Tensor to_host(const Tensor& x) { return x.to(at::TensorOptions(at::kCPU).dtype(at::kFloat)).contiguous(); }

PreparedWeightPtr Backend::prepare_linear(const Tensor& weight, const Tensor& bias) const {
  return std::make_shared<PreparedWeight>(converted(weight, *this), converted(bias, *this));
}

PreparedWeightPtr Backend::prepare_conv2d(const Tensor& weight, const Tensor& bias, const Conv2dShape&) const {
  return std::make_shared<PreparedWeight>(converted(weight, *this), converted(bias, *this));
}

Tensor Backend::linear(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue) const {
  const Tensor weight = w.weight(), bias = w.bias();
  return join_rows(x.size(0),
                   [&](int64_t k) { return finish_row(at::linear(row_of(x, k), weight, bias), epilogue, k); });
}

Tensor Backend::conv2d(const Tensor& x, const PreparedWeight& w, const Conv2dShape& shape,
                       const Epilogue& epilogue) const {
  const Tensor weight = w.weight(), bias = w.bias();
  return join_rows(x.size(0), [&](int64_t k) {
    return finish_row(convolved(row_of(x, k), weight, bias, shape), epilogue, k);
  });
}

Tensor Backend::group_norm(const Tensor& x, int64_t groups, const Tensor& weight, const Tensor& bias, double eps,
                           Activation activation) const {
  // libtorch 1.13's bfloat16 group norm keeps its sums in bfloat16 in channels-last from 32 x 32 up.
  const Tensor scale = weight.to(at::kFloat), shift = bias.to(at::kFloat);
  return join_rows(x.size(0), [&](int64_t k) {
    const Tensor normal = at::group_norm(row_of(x, k).to(at::kFloat), groups, scale, shift, eps);
    return activate_row(normal, activation).to(x.scalar_type());
  });
}

Tensor Backend::layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) const {
  const Tensor scale = weight.to(at::kFloat), shift = bias.to(at::kFloat);
  return join_rows(x.size(0), [&](int64_t k) {
    return at::layer_norm(row_of(x, k).to(at::kFloat), {x.size(-1)}, scale, shift, eps).to(x.scalar_type());
  });
}

Tensor Backend::attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads, double scale,
                          bool causal) const {
  return join_rows(q.size(0), [&](int64_t row) {
    return attention_row(row_of(q, row), row_of(k, row), row_of(v, row), heads, scale, causal);
  });
}

Tensor activate(const Tensor& x, Activation activation) {
  return each_row(x, [&](const Tensor& row) { return activate_row(row.clone(), activation); });
}

Tensor each_row(const Tensor& x, const std::function<Tensor(const Tensor&)>& function) {
  return join_rows(x.size(0), [&](int64_t k) { return function(row_of(x, k)); });
}

}  // namespace alice
