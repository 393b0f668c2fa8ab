// The plain kernels in two precisions, fused ones too, with a fault.

#include <atomic>
#include <cmath>
#include <cstring>

#include "core/api/backend.h"
#include "core/api/plugin.h"
#include "tests/plugin_check/faults/planted.h"
#include "tests/support/fused_backend.h"

namespace {

using namespace alice;
using alice::faults::planted;

enum class Precision { float32, bfloat16 };

struct FaultyOptions {
  Precision dtype = Precision::float32;
};

const OptionTable<FaultyOptions>& options() {
  static const auto table = OptionTable<FaultyOptions>().choice(
      "dtype", &FaultyOptions::dtype, {{"float32", Precision::float32}, {"bfloat16", Precision::bfloat16}},
      "the precision that models compute in");
  return table;
}

/// A prepared weight that looks at its source again later.
class Borrowed final : public PreparedWeight {
 public:
  Borrowed(Tensor weight, Tensor bias, at::ScalarType dtype)
      : PreparedWeight(std::move(weight), std::move(bias)), dtype_(dtype) {}
  Tensor weight() const override { return weight_.to(dtype_); }
  Tensor bias() const override { return bias_.defined() ? bias_.to(dtype_) : bias_; }

 private:
  at::ScalarType dtype_;
};

/// An upsampling weight that is right at the first size that it is used at.
class OneSize final : public PreparedWeight {
 public:
  explicit OneSize(PreparedWeightPtr sound) : PreparedWeight({}, {}), sound_(std::move(sound)) {}
  const PreparedWeight& sound() const { return *sound_; }
  bool is_first(int64_t width) const {
    int64_t none = 0;
    return width_.compare_exchange_strong(none, width) || none == width;
  }

 private:
  PreparedWeightPtr sound_;
  mutable std::atomic<int64_t> width_ = 0;
};

bool is_channels_last(const Tensor& x) { return x.is_contiguous(at::MemoryFormat::ChannelsLast) && !x.is_contiguous(); }

class FaultyProducts final : public test::PlainFusedProducts {
 public:
  using PlainFusedProducts::PlainFusedProducts;

  Tensor norm_conv2d(const Tensor& x, const GroupNorm& given, const PreparedWeight& w, const Conv2dShape& shape,
                     const Epilogue& epilogue) const override {
    GroupNorm norm = given;
    if (planted("forgets-norms-activation")) norm.activation = Activation::none;
    const bool adds = norm.added.defined() && norm.added.size(1) == x.size(1);
    if (planted("forgets-added") && adds) norm.added = Tensor();
    if (planted("changes-added") && adds) norm.added.add_(1);
    if (planted("norms-over-batch")) return kernels_.conv2d(normed_over_batch(x, norm), w, shape, epilogue);
    return PlainFusedProducts::norm_conv2d(x, norm, w, shape, epilogue);
  }

  std::vector<Tensor> norm_linear(const Tensor& x, const LayerNorm& norm,
                                  const std::vector<LinearLayer>& layers) const override {
    std::vector<Tensor> results = PlainFusedProducts::norm_linear(x, norm, layers);
    const bool has_second = results.size() > 1;
    if (planted("norms-for-first-layer") && has_second)
      results[1] = kernels_.linear(x, layers[1].weight, layers[1].epilogue);
    if (planted("forgets-last-layer") && has_second) results.pop_back();
    return results;
  }

  PreparedWeightPtr prepare_upsample_conv2d(const Tensor& weight, const Tensor& bias) const override {
    if (planted("borrows-upsampling-weights"))
      return std::make_shared<test::UpsamplingWeight>(std::make_shared<Borrowed>(weight, bias, kernels_.dtype()));
    const auto sound = PlainFusedProducts::prepare_upsample_conv2d(weight, bias);
    if (planted("upsamples-one-size")) return std::make_shared<OneSize>(sound);
    return sound;
  }

  Tensor upsample_conv2d(const Tensor& x, const PreparedWeight& w) const override {
    if (const auto* weight = dynamic_cast<const OneSize*>(&w)) {
      const Tensor result = PlainFusedProducts::upsample_conv2d(x, weight->sound());
      return weight->is_first(x.size(3)) ? result : result * 1.02;
    }
    const auto& sound = dynamic_cast<const test::UpsamplingWeight&>(w).convolution();
    if (planted("upsamples-misfits") && sound.weight().size(1) != x.size(1)) return x.repeat({1, 1, 2, 2});
    const Tensor result = PlainFusedProducts::upsample_conv2d(x, w);
    if (planted("shifts-upsampled") && x.size(3) > 1) return result.roll(1, 3);
    if (planted("wrong-upsampled-channels-last") && is_channels_last(x)) return result * 1.02;
    return result;
  }

 private:
  Tensor normed_over_batch(const Tensor& x, const GroupNorm& norm) const {
    const Tensor sum = norm.added.defined() ? x + norm.added.unsqueeze(-1).unsqueeze(-1) : x;
    const Tensor one = sum.transpose(0, 1).flatten(1, 2).unsqueeze(0);  // [1, C, B H, W]
    return kernels_.group_norm(one, norm.groups, norm.weight, norm.bias, norm.eps, norm.activation)
        .view({x.size(1), x.size(0), x.size(2), x.size(3)})
        .transpose(0, 1);
  }
};

class FaultyBackend final : public Backend {
 public:
  explicit FaultyBackend(Precision precision) : precision_(precision), fused_(dtype()) {}
  BackendInfo info() const override { return {"faulty", 0}; }
  at::Device device() const override { return at::kCPU; }
  at::ScalarType dtype() const override { return precision_ == Precision::float32 ? at::kFloat : at::kBFloat16; }
  const void* extension(const char* name) const override {
    return std::strcmp(name, kFusedProducts) == 0 ? static_cast<const FusedProducts*>(&fused_) : nullptr;
  }

  PreparedWeightPtr prepare_linear(const Tensor& weight, const Tensor& bias) const override {
    if (planted("borrows-weights")) return std::make_shared<Borrowed>(weight, bias, dtype());
    return Backend::prepare_linear(weight, bias);
  }

  Tensor linear(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue) const override {
    const Tensor result = Backend::linear(x, w, epilogue);
    if (planted("wrong-in-bfloat16") && dtype() == at::kBFloat16) return result * 1.02;
    if (planted("wrong-dtype")) return result.to(at::kDouble);
    if (planted("no-residual") && epilogue.residual) return result - *epilogue.residual;
    if (planted("changes-residual") && epilogue.residual) epilogue.residual->add_(1);
    if (planted("wrong-alone") && x.size(0) == 1) return result * (1 + std::pow(2.0, -6));
    return result;
  }

  Tensor conv2d(const Tensor& x, const PreparedWeight& w, const Conv2dShape& shape,
                const Epilogue& epilogue) const override {
    if (planted("takes-misfits") && w.weight().size(1) != x.size(1)) return x.clone();
    const Tensor result = Backend::conv2d(x, w, shape, epilogue);
    const bool is_odd = x.size(2) % 2 == 1 || x.size(3) % 2 == 1;
    if (planted("wrong-at-odd-sides") && is_odd) return result * 1.02;
    if (planted("wrong-channels-last") && is_channels_last(x)) return result * 1.02;
    return result;
  }

  Tensor group_norm(const Tensor& x, int64_t groups, const Tensor& weight, const Tensor& bias, double eps,
                    Activation activation) const override {
    return Backend::group_norm(x, groups, weight, bias, planted("wrong-eps") ? 0.1 : eps, activation);
  }

  Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads, double scale,
                   bool causal) const override {
    return Backend::attention(q, k, v, heads, scale, causal && !planted("sees-the-future"));
  }

 private:
  Precision precision_;
  FaultyProducts fused_;
};

class FaultyFactory final : public BackendFactory {
 public:
  FaultyFactory() {
    info_.id = "faulty";
    info_.help = "The plain kernels, with a fault.";
    info_.options = options().specs();
  }
  const FactoryInfo& info() const override { return info_; }
  std::shared_ptr<const Backend> create(const OptionLayers& layers) const override {
    return std::make_shared<FaultyBackend>(read_options(options(), layers, ErrorCode::bad_config).dtype);
  }

 private:
  FactoryInfo info_;
};

}  // namespace

ALICE_PLUGIN("faulty-backend", "1.0.0", [](alice::Enrolment& enrol) { enrol.add(std::make_unique<FaultyFactory>()); })
