#include "core/api/parameter_form.h"

#include <utility>

namespace alice {

std::vector<int64_t> shape_in_file(std::vector<int64_t> shape, Parameter::Form form) {
  switch (form) {
    case Parameter::Form::as_is: break;
    case Parameter::Form::flatten_1x1: shape.insert(shape.end(), {1, 1}); break;
    case Parameter::Form::expand_1x1: shape.resize(2); break;
    case Parameter::Form::transpose: std::swap(shape.at(0), shape.at(1)); break;
  }
  return shape;
}

bool fits(const std::vector<int64_t>& in_file, const Parameter& parameter) {
  std::vector<int64_t> needed = shape_in_file(parameter.shape, parameter.form);
  if (!parameter.stacked) return in_file == needed;
  if (in_file.size() != needed.size() || in_file[0] < parameter.first_row + needed[0]) return false;
  needed[0] = in_file[0];
  return in_file == needed;
}

}  // namespace alice
