#pragma once
// Weights drawn for an architecture that has none.

#include <cstdint>
#include <map>
#include <string>

#include "core/api/weights.h"

namespace alice {

/// A tensor for each of `parameters`, under the name and in the shape that a file has it: matrices and kernels normal
/// with deviation 1 / sqrt(inputs) (LeCun et al. 1998, "Efficient BackProp", section 4.6), so that a network's numbers
/// stay of the size of its input; weights of norms 1; biases 0. The same seed gives the same weights, whatever `dtype`
/// they are rounded to. Throws Error(unsupported) for a parameter that is a part of a larger tensor.
std::map<std::string, Tensor> random_weights(const std::vector<Parameter>& parameters, at::ScalarType dtype,
                                             uint64_t seed);

}  // namespace alice
