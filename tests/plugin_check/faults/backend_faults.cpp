// The plain kernels in two precisions, with a fault.

#include <cmath>

#include "core/api/plugin.h"
#include "tests/plugin_check/faults/planted.h"

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

class FaultyBackend final : public Backend {
 public:
  explicit FaultyBackend(Precision precision) : precision_(precision) {}
  BackendInfo info() const override { return {"faulty", 0}; }
  at::Device device() const override { return at::kCPU; }
  at::ScalarType dtype() const override { return precision_ == Precision::float32 ? at::kFloat : at::kBFloat16; }

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
    const bool is_last = x.is_contiguous(at::MemoryFormat::ChannelsLast) && !x.is_contiguous();
    if (planted("wrong-channels-last") && is_last) return result * 1.02;
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

ALICE_PLUGIN("faulty-backend", "1.0.0",
             [](alice::Enrolment& enrol) { enrol.backend(std::make_unique<FaultyFactory>()); })
