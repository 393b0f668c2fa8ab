// The fast backend for processors: oneDNN's products, and own kernels for what lies between them.

#include <ATen/Parallel.h>
#include <unistd.h>

#include <cstring>

#include "core/api/backend.h"
#include "core/api/plugin.h"
#include "core/api/product_error.h"
#include "core/api/quickness.h"
#include "plugins/backends/onednn/attention.h"
#include "plugins/backends/onednn/instruction_set.h"
#include "plugins/backends/onednn/norms.h"
#include "plugins/backends/onednn/products.h"

namespace alice::onednn {
namespace {

enum class Precision { float32, bfloat16, int8 };

struct OnednnOptions {
  Precision dtype = Precision::float32;
};

const OptionTable<OnednnOptions>& onednn_options() {
  static const auto table = OptionTable<OnednnOptions>().choice(
      "dtype", &OnednnOptions::dtype,
      {{"float32", Precision::float32}, {"bfloat16", Precision::bfloat16}, {"int8", Precision::int8}},
      "the precision that models compute in; bfloat16 takes half the memory and time, and needs AVX512-BF16 or AMX; "
      "int8 multiplies the large layers in 8 bits, all else in bfloat16 where the processor has it, and needs "
      "AVX512-VNNI");
  return table;
}

/// What tensors are made of, and whatever is not multiplied in 8 bits is computed in.
at::ScalarType dtype_of(Precision precision) {
  const bool has_bfloat16 = instruction_set() == InstructionSet::avx512_bf16;
  return precision == Precision::bfloat16 || (precision == Precision::int8 && has_bfloat16) ? at::kBFloat16
                                                                                            : at::kFloat;
}

void check_processor(Precision precision) {
  const InstructionSet set = instruction_set();
  const auto refuse = [&](const std::string& what, const std::string& needed) {
    throw Error(
        ErrorCode::unsupported, "backend onednn",
        what + " needs a processor with " + needed + ", and this one has " + name_of(set) + "; say dtype: float32");
  };
  if (precision == Precision::bfloat16 && set != InstructionSet::avx512_bf16) refuse("bfloat16", "AVX512-BF16 or AMX");
  // Older ones multiply bytes by instructions whose sums of two overflow.
  if (precision == Precision::int8 && set < InstructionSet::avx512_vnni) refuse("int8", "AVX512-VNNI");
}

class OnednnBackend final : public Backend, public FusedProducts {
 public:
  explicit OnednnBackend(const OnednnOptions& options)
      : precision_(options.dtype),
        dtype_(dtype_of(precision_)),
        kernels_(fused_kernels(dtype_)),
        products_(dtype_, kernels_, precision_ == Precision::int8 ? int8_kernels(dtype_) : nullptr) {
    check_processor(precision_);
  }

  BackendInfo info() const override {
    const int threads = at::get_num_threads();
    return {"cpu, " + std::to_string(threads) + (threads == 1 ? " thread, " : " threads, ") +
                (precision_ == Precision::int8 ? "int8 and " : "") +
                (dtype_ == at::kFloat ? "float32, " : "bfloat16, ") + name_of(instruction_set()),
            static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGE_SIZE)};
  }
  at::Device device() const override { return at::kCPU; }
  at::ScalarType dtype() const override { return dtype_; }

  PreparedWeightPtr prepare_linear(const Tensor& weight, const Tensor& bias) const override {
    return products_.prepare_linear(weight, bias);
  }
  PreparedWeightPtr prepare_conv2d(const Tensor& weight, const Tensor& bias, const Conv2dShape& shape) const override {
    return products_.prepare_conv2d(weight, bias, shape);
  }

  Tensor linear(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue) const override {
    const auto result = products_.linear(x, w, epilogue);
    return result ? *result : Backend::linear(x, w, epilogue);
  }
  Tensor conv2d(const Tensor& x, const PreparedWeight& w, const Conv2dShape& shape,
                const Epilogue& epilogue) const override {
    const auto result = products_.conv2d(x, w, shape, epilogue, nullptr);
    return result ? *result : Backend::conv2d(x, w, shape, epilogue);
  }

  Tensor group_norm(const Tensor& x, int64_t groups, const Tensor& weight, const Tensor& bias, double eps,
                    Activation activation) const override {
    const GroupNorm norm = {groups, weight, bias, eps, activation, Tensor()};
    if (!takes(x, norm)) return Backend::group_norm(x, groups, weight, bias, eps, activation);
    return onednn::group_norm(*kernels_, x, parameters_of(norm));
  }
  Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) const override {
    if (!takes(x) || weight.numel() != x.size(-1) || bias.numel() != x.size(-1))
      return Backend::layer_norm(x, weight, bias, eps);
    return onednn::layer_norm(*kernels_, x, {weight.to(at::kFloat), bias.to(at::kFloat), eps});
  }
  Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads, double scale,
                   bool causal) const override {
    const bool fits = q.dim() == 3 && k.dim() == 3 && k.sizes() == v.sizes() && k.size(0) == q.size(0) &&
                      k.size(2) == q.size(2) && q.size(2) % heads == 0;
    if (!fits || !takes(q) || !takes(k) || !takes(v)) return Backend::attention(q, k, v, heads, scale, causal);
    return onednn::attention(*kernels_, q, k, v, heads, scale, causal);
  }

  Tensor norm_conv2d(const Tensor& x, const GroupNorm& norm, const PreparedWeight& w, const Conv2dShape& shape,
                     const Epilogue& epilogue) const override {
    if (takes(x, norm)) {
      const Products::NormBefore before = {parameters_of(norm),
                                           norm.added.defined() ? norm.added.to(at::kFloat).contiguous() : Tensor()};
      if (const auto result = products_.conv2d(x, w, shape, epilogue, &before)) return *result;
    }
    return plain_norm_conv2d(*this, x, norm, w, shape, epilogue);
  }
  std::vector<Tensor> norm_linear(const Tensor& x, const LayerNorm& norm,
                                  const std::vector<LinearLayer>& layers) const override {
    if (takes(x) && norm.weight.numel() == x.size(-1) && norm.bias.numel() == x.size(-1))
      if (const auto results =
              products_.norm_linear(x, {norm.weight.to(at::kFloat), norm.bias.to(at::kFloat), norm.eps}, layers))
        return *results;
    return plain_norm_linear(*this, x, norm, layers);
  }
  PreparedWeightPtr prepare_upsample_conv2d(const Tensor& weight, const Tensor& bias) const override {
    return products_.prepare_upsample_conv2d(weight, bias);
  }
  Tensor upsample_conv2d(const Tensor& x, const PreparedWeight& w) const override {
    const auto result = products_.upsample_conv2d(x, w);
    return result ? *result : each_row(x, [&](const Tensor& row) { return upsampled(row, w.weight(), w.bias()); });
  }

  const void* extension(const char* name) const override {
    if (std::strcmp(name, kFusedProducts) == 0) return static_cast<const FusedProducts*>(this);
    // A step of Stable Diffusion 1.5 at 512x512 on two cores, and less with AVX2 alone (reference/RESULTS.md).
    static constexpr Quickness kQuicker = {8};
    if (std::strcmp(name, kQuickness) == 0) return kernels_ ? &kQuicker : nullptr;
    static constexpr ProductError kError = {kMostRounding};
    const bool is_asked = precision_ == Precision::int8 && std::strcmp(name, kProductError) == 0;
    return is_asked ? &kError : nullptr;
  }

 private:
  bool takes(const Tensor& x) const { return kernels_ && x.scalar_type() == dtype_ && x.numel() > 0; }
  bool takes(const Tensor& x, const GroupNorm& norm) const {
    const bool is_known = norm.activation == Activation::none || norm.activation == Activation::silu;
    return takes(x) && is_known && x.dim() == 4 && norm.groups > 0 && norm.weight.numel() == x.size(1) &&
           norm.bias.numel() == x.size(1) && x.size(1) % norm.groups == 0 &&
           (!norm.added.defined() || norm.added.sizes() == at::IntArrayRef({x.size(0), x.size(1)}));
  }
  static NormParameters parameters_of(const GroupNorm& norm) {
    return {norm.groups, norm.weight.to(at::kFloat), norm.bias.to(at::kFloat), norm.eps,
            norm.activation == Activation::silu};
  }

  Precision precision_;
  at::ScalarType dtype_;
  const FusedKernels* kernels_;
  Products products_;
};

class OnednnBackendFactory final : public BackendFactory {
 public:
  const FactoryInfo& info() const override {
    static const FactoryInfo info = {"onednn",
                                     "The fast backend for processors, by oneDNN, in float32, bfloat16 or int8.",
                                     {},
                                     {},
                                     onednn_options().specs()};
    return info;
  }
  std::shared_ptr<const Backend> create(const OptionLayers& options) const override {
    return std::make_shared<OnednnBackend>(read_options(onednn_options(), options, ErrorCode::bad_config));
  }
};

}  // namespace
}  // namespace alice::onednn

ALICE_PLUGIN("alice-backend-onednn", "0.1.0",
             [](alice::Enrolment& enrol) { enrol.add(std::make_unique<alice::onednn::OnednnBackendFactory>()); })
