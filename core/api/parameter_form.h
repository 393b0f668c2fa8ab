#pragma once
// How the shape of a parameter shows in a file: for the core's own use.

#include <vector>

#include "core/api/weights.h"

namespace alice {

/// The shape that a file must have for a parameter of `shape`; of a stacked tensor, that of the parameter's own rows.
std::vector<int64_t> shape_in_file(std::vector<int64_t> shape, Parameter::Form form);

/// Can `parameter` be made from a tensor of this shape? A stacked one may have more rows than the parameter takes.
bool fits(const std::vector<int64_t>& in_file, const Parameter& parameter);

}  // namespace alice
