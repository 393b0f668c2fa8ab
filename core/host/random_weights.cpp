#include "core/host/random_weights.h"

#include <cmath>

#include "core/api/parameter_form.h"
#include "core/math/noise_source.h"

namespace alice {
namespace {

bool is_bias(const std::string& name) {
  constexpr std::string_view kBias = "bias";
  return name.size() >= kBias.size() && name.compare(name.size() - kBias.size(), kBias.size(), kBias) == 0;
}

Tensor draw(const Parameter& parameter, SeededNoise& noise) {
  const std::vector<int64_t>& shape = parameter.shape;
  if (shape.size() < 2) return is_bias(parameter.name) ? at::zeros(shape) : at::ones(shape);
  const Tensor normal = noise.normal(shape).squeeze(0);
  const auto inputs = static_cast<double>(normal[0].numel());
  return normal / std::sqrt(inputs);
}

}  // namespace

std::map<std::string, Tensor> random_weights(const std::vector<Parameter>& parameters, at::ScalarType dtype,
                                             uint64_t seed) {
  SeededNoise noise({seed});
  std::map<std::string, Tensor> tensors;
  for (const Parameter& parameter : parameters) {
    if (parameter.stacked)
      throw Error(ErrorCode::unsupported, parameter.source, "is one tensor of several parameters, which is not drawn");
    const Tensor drawn = draw(parameter, noise).reshape(shape_in_file(parameter.shape, parameter.form));
    tensors[parameter.source] = drawn.to(dtype);
  }
  return tensors;
}

}  // namespace alice
