// my_plugin: a backend that computes layer norms by a loop of its own, with sums in float64, and leaves every other
// kernel to the plain ones of the core.

#include <cmath>

#include "core/api/backend.h"
#include "core/api/plugin.h"

namespace {

using namespace alice;

/// y = (x - mean) / sqrt(variance + eps) * weight + bias over `count` numbers (Ba et al. 2016, arXiv 1607.06450).
void normalise(const float* x, const float* weight, const float* bias, double eps, int64_t count, float* y) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < count; ++i) sum += x[i];
  const double mean = sum / static_cast<double>(count);
  for (int64_t i = 0; i < count; ++i) squares += (x[i] - mean) * (x[i] - mean);
  const double scale = 1 / std::sqrt(squares / static_cast<double>(count) + eps);
  for (int64_t i = 0; i < count; ++i) y[i] = static_cast<float>((x[i] - mean) * scale * weight[i] + bias[i]);
}

class OwnNorms final : public Backend {
 public:
  BackendInfo info() const override { return {"cpu with layer norms of my_plugin, float32", 0}; }
  at::Device device() const override { return at::kCPU; }
  at::ScalarType dtype() const override { return at::kFloat; }

  /// Each run of numbers on its own: what the other rows of a batch hold cannot change a bit of it.
  Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) const override {
    const auto fits = [&](const Tensor& each) {
      return each.scalar_type() == at::kFloat && each.device().is_cpu() && each.numel() == x.size(-1);
    };
    const bool is_ours = x.scalar_type() == at::kFloat && x.device().is_cpu() && x.dim() > 0 && x.numel() > 0 &&
                         fits(weight) && fits(bias);
    if (!is_ours) return Backend::layer_norm(x, weight, bias, eps);  // what a kernel cannot take it hands on
    const Tensor in = x.contiguous(), scale = weight.contiguous(), shift = bias.contiguous(), out = at::empty_like(in);
    const int64_t width = in.size(-1);
    for (int64_t k = 0; k < in.numel(); k += width)
      normalise(in.data_ptr<float>() + k, scale.data_ptr<float>(), shift.data_ptr<float>(), eps, width,
                out.data_ptr<float>() + k);
    return out;
  }
};

class OwnNormsFactory final : public BackendFactory {
 public:
  const FactoryInfo& info() const override {
    static const FactoryInfo info = [] {
      FactoryInfo i;
      i.id = "my_plugin";
      i.help = "Plain kernels on the processor, with layer norms of its own.";
      return i;
    }();
    return info;
  }
  std::shared_ptr<const Backend> create(const OptionLayers& options) const override {
    refuse_options(options, ErrorCode::bad_config);
    return std::make_shared<OwnNorms>();
  }
};

}  // namespace

ALICE_PLUGIN("my_plugin", "0.1.0", [](alice::Enrolment& enrol) { enrol.add(std::make_unique<OwnNormsFactory>()); })
