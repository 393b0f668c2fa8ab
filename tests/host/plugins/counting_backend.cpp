// A backend that counts the calls of its kernels and lets the plain ones do the work. When it ends it writes the
// counts, one "kernel count" a line, to the file that its option `report` names.

#include <atomic>
#include <fstream>

#include "core/api/backend.h"
#include "core/api/plugin.h"

namespace {

using namespace alice;

struct Options {
  std::string report;
};
const OptionTable<Options>& options() {
  static const auto table =
      OptionTable<Options>().text("report", &Options::report, "the file that the counts are written to");
  return table;
}

class CountingBackend final : public Backend {
 public:
  explicit CountingBackend(Options options) : options_(std::move(options)) {}
  ~CountingBackend() override {
    std::ofstream(options_.report) << "linear " << linears_ << "\nconv2d " << convolutions_ << "\nattention "
                                   << attentions_ << "\n";
  }

  BackendInfo info() const override { return {"counting", 0}; }
  at::Device device() const override { return at::kCPU; }
  at::ScalarType dtype() const override { return at::kFloat; }

  Tensor linear(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue) const override {
    ++linears_;
    return Backend::linear(x, w, epilogue);
  }
  Tensor conv2d(const Tensor& x, const PreparedWeight& w, const Conv2dShape& shape,
                const Epilogue& epilogue) const override {
    ++convolutions_;
    return Backend::conv2d(x, w, shape, epilogue);
  }
  Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads, double scale,
                   bool causal) const override {
    ++attentions_;
    return Backend::attention(q, k, v, heads, scale, causal);
  }

 private:
  const Options options_;
  mutable std::atomic<int64_t> linears_{0}, convolutions_{0}, attentions_{0};
};

class CountingFactory final : public BackendFactory {
 public:
  CountingFactory() {
    info_.id = "counting";
    info_.help = "counts its calls";
    info_.options = options().specs();
  }
  const FactoryInfo& info() const override { return info_; }
  std::shared_ptr<const Backend> create(const OptionLayers& layers) const override {
    return std::make_shared<CountingBackend>(read_options(options(), layers, ErrorCode::bad_config));
  }

 private:
  FactoryInfo info_;
};

}  // namespace

ALICE_PLUGIN("counting", "1.0.0", [](alice::Enrolment& enrol) { enrol.add(std::make_unique<CountingFactory>()); })
