#include "tests/contract/backends.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/api/product_error.h"
#include "sdk/check/exact_kernels.h"
#include "tests/support/catch.h"
#include "tests/support/plugin.h"

namespace alice::test {
namespace {

struct BackendUnderTest {
  const char* library;
  const char* id;
  std::vector<const char*> dtypes;
};
/// Another backend is one more line.
const BackendUnderTest kBackends[] = {{"alice-backend-cpu", "cpu", {"float32", "bfloat16"}},
                                      {"alice-backend-onednn", "onednn", {"float32", "bfloat16", "int8"}}};

/// Null where the processor lacks the precision, which must be said as `unsupported`.
BackendPtr create(const BackendFactory& factory, const char* dtype) {
  try {
    return factory.create({{Json{{"dtype", dtype}}, UnknownKeys::fault, json_places("")}});
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::unsupported);
    CHECK(std::string(dtype) != "float32");
    return nullptr;
  }
}

}  // namespace

bool is_wanted(const std::string& id) {
  const char* wanted = std::getenv("ALICE_TEST_BACKEND");
  return wanted == nullptr || id == wanted;
}

const std::vector<BackendPtr>& backends() {
  static const std::vector<BackendPtr> all = [] {
    std::vector<BackendPtr> result;
    for (const auto& [library, id, dtypes] : kBackends) {
      if (!is_wanted(id) || !std::filesystem::exists(ALICE_BUILD_DIR "/plugins/" + std::string(library) + ".so"))
        continue;
      static std::vector<Plugin> plugins;
      plugins.push_back(load_plugin(library));
      for (const char* dtype : dtypes)
        if (auto backend = create(plugins.back().factory<BackendFactory>(id), dtype)) result.push_back(backend);
    }
    return result;
  }();
  return all;
}

double tolerance(const Backend& backend) {
  return backend.dtype() == at::kFloat ? 2e-6 : 6e-3;  // the unit of bfloat16 is 2^-8, of float32 2^-23
}

double product_tolerance(const Backend& backend) {
  const auto* stated = static_cast<const ProductError*>(backend.extension(kProductError));
  return stated ? stated->largest : tolerance(backend);
}

Tensor random(std::vector<int64_t> shape, const Backend& backend, double scale) {
  return (at::randn(shape) * scale).to(backend.dtype());
}

void check_kernel(const Backend& backend, double allowed, const std::vector<Tensor>& inputs,
                  const std::function<Tensor(const std::vector<Tensor>& some)>& kernel, const Tensor& expected) {
  std::vector<Tensor> before;
  for (const Tensor& input : inputs) before.push_back(input.clone());
  const auto rows = [&](int64_t first, int64_t count) {
    std::vector<Tensor> some;
    for (const Tensor& input : inputs) some.push_back(input.narrow(0, first, count));
    return kernel(some);
  };
  const int64_t all = expected.size(0);
  const Tensor whole = rows(0, all);
  REQUIRE(whole.sizes() == expected.sizes());
  REQUIRE(whole.scalar_type() == backend.dtype());
  CHECK(check::normalised_error(whole, expected) < allowed);
  for (int64_t count : {1, 2, 3, 4})
    for (int64_t first = 0; first + count <= all; first += 3) {
      INFO("rows " << first << " to " << first + count - 1);
      CHECK(at::equal(rows(first, count), whole.narrow(0, first, count)));
    }
  for (size_t i = 0; i < inputs.size(); ++i) {
    INFO("input " << i);
    CHECK(at::equal(inputs[i], before[i]));
  }
}

}  // namespace alice::test
