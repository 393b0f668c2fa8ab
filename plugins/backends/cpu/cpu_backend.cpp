// The plain backend: the core's own kernels on the processor. The reference that every faster backend is measured
// against.

#include <ATen/Parallel.h>
#include <unistd.h>

#include "core/api/backend.h"
#include "core/api/plugin.h"

namespace alice {
namespace {

struct CpuOptions {
  at::ScalarType dtype = at::kFloat;
};

const OptionTable<CpuOptions>& cpu_options() {
  static const auto table = OptionTable<CpuOptions>().choice(
      "dtype", &CpuOptions::dtype, {{"float32", at::kFloat}, {"bfloat16", at::kBFloat16}},
      "the precision that models compute in; bfloat16 takes half the memory, and less time on processors that have it");
  return table;
}

class CpuBackend final : public Backend {
 public:
  explicit CpuBackend(const CpuOptions& options) : dtype_(options.dtype) {}

  BackendInfo info() const override {
    const int threads = at::get_num_threads();
    return {"cpu, " + std::to_string(threads) + (threads == 1 ? " thread, " : " threads, ") +
                (dtype_ == at::kFloat ? "float32" : "bfloat16"),
            static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGE_SIZE)};
  }
  at::Device device() const override { return at::kCPU; }
  at::ScalarType dtype() const override { return dtype_; }

 private:
  at::ScalarType dtype_;
};

class CpuBackendFactory final : public BackendFactory {
 public:
  const FactoryInfo& info() const override {
    static const FactoryInfo info = {
        "cpu", "Plain kernels on the processor, in float32 or bfloat16.", {}, {}, cpu_options().specs()};
    return info;
  }
  std::shared_ptr<const Backend> create(const OptionLayers& options) const override {
    return std::make_shared<CpuBackend>(read_options(cpu_options(), options, ErrorCode::bad_config));
  }
};

}  // namespace
}  // namespace alice

ALICE_PLUGIN("alice-backend-cpu", "0.1.0",
             [](alice::Enrolment& enrol) { enrol.add(std::make_unique<alice::CpuBackendFactory>()); })
