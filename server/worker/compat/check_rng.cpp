#include <ATen/CPUGeneratorImpl.h>

#include <sstream>

#include "core/math/noise_source.h"
#include "server/worker/compat/compat.h"

namespace alice {
namespace {

constexpr const char* kFile = "rng/rng.safetensors";

/// "2x4x64x64" -> {2, 4, 64, 64}; empty when it is no shape.
std::vector<int64_t> parse_shape(const std::string& text) {
  std::vector<int64_t> shape;
  std::istringstream in(text);
  for (std::string side; std::getline(in, side, 'x');) {
    if (side.empty() || side.find_first_not_of("0123456789") != std::string::npos || side.size() > 6) return {};
    shape.push_back(std::stoll(side));
  }
  return shape;
}

/// What the key asks for, as the README of the goldens says.
Tensor draw(uint64_t seed, const std::string& what) {
  if (what == "rand") return at::rand({20}, at::detail::createCPUGenerator(seed), at::kFloat);
  SeededNoise noise({seed});
  if (what == "two_calls") {
    const Tensor first = noise.normal({5})[0];
    return at::cat({first, noise.normal({20})[0]});
  }
  const std::vector<int64_t> shape = parse_shape(what);
  if (shape.empty()) throw Skip{"'" + what + "' is no draw that is known"};
  return noise.normal(shape)[0];
}

}  // namespace

void check_rng(CompatRun& run) {
  const SafetensorsFile& file = run.golden.tensors(kFile);
  for (const auto& tensor : file.index().tensors) {
    const std::string& key = tensor.first;
    run_case(run, "rng", key, true, [&](CompatCase& check) {
      const size_t slash = key.find('/');
      const std::string digits = key.substr(0, slash);
      if (slash == std::string::npos || digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos)
        throw Skip{"the key is no SEED/DRAW"};
      const Tensor golden = file.tensor(key);
      Tensor ours = draw(std::stoull(digits), key.substr(slash + 1));
      if (ours.sizes() != golden.sizes())
        ours = ours.flatten().slice(0, 0, golden.numel());  // large draws are stored in part
      run.golden.keep(kFile, key, ours);
      check.equal("draw", ours, golden);
    });
  }
}

}  // namespace alice
