// Backends: each kernel and each fused product against float64.

#include <algorithm>
#include <cstdio>

#include "core/api/backend.h"
#include "core/base/tensor_index.h"
#include "sdk/check/exact_kernels.h"
#include "sdk/check/kernel_calls.h"

namespace alice::check {
namespace {

using MakeCalls = std::vector<KernelCall> (*)(const Backend&, uint64_t);

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g", value);
  return text;
}

/// The normalised error, after shape and dtype.
double error_of(const KernelCall& call, const Backend& backend, const std::string& where) {
  const Tensor expected = call.expected();  // first: a kernel may spoil its inputs
  const Tensor result = call.kernel(call.inputs);
  expect(result.defined(), where + ": the result is undefined");
  expect(result.sizes() == expected.sizes(), where + ": the result has shape " + shape_text(result.sizes().vec()) +
                                                 ", not " + shape_text(expected.sizes().vec()));
  expect(result.scalar_type() == backend.dtype(), where + ": the result is of type " +
                                                      at::toString(result.scalar_type()) +
                                                      ", the backend computes in " + at::toString(backend.dtype()));
  return normalised_error(result, expected);
}

std::string check_kernel(const Case& it, MakeCalls make_calls) {
  double worst = 0;  // error / what is allowed
  std::string stated;
  bool has_any = false;
  for (const BackendVariant& variant : backend_variants(it))
    for (const KernelCall& call : make_calls(*variant.backend, it.seed)) {
      has_any = true;
      const std::string where = variant.name + ": " + call.name;
      const double error = error_of(call, *variant.backend, where);
      if (!(error < call.allowed))
        fail(where + ": the normalised error against float64 is " + number(error) + ", allowed is " +
             number(call.allowed));
      worst = std::max(worst, error / call.allowed);
      if (call.allowed == product_tolerance(*variant.backend) && call.allowed > tolerance(*variant.backend))
        stated = "; of " + variant.name + " " + number(call.allowed) + " are allowed, as it says of its products";
    }
  if (!has_any) return "has no fused products";
  return "at most " + number(worst) + " of the error allowed" + stated;
}

Check kernel_check(const std::string& name, const std::string& kernel, MakeCalls make_calls) {
  return {"backend/" + name,
          kernel +
              " has the shape and dtype that core/api/backend.h says and is close to float64, at random shapes, "
              "odd ones among them, with every epilogue, in every precision that the backend offers.",
          "For a shape that your kernel cannot take return Backend::" + kernel +
              "(...), the plain body; sum in float32 when the dtype is less.",
          "options/defaults-fit",
          {BackendFactory::kKind},
          [make_calls](const Case& it) { return check_kernel(it, make_calls); }};
}

Check fused_check(const std::string& name, const std::string& product, MakeCalls make_calls) {
  return {
      "backend/" + name,
      product +
          " of a backend that has fused products has the shape and dtype that core/api/fused_products.h says and is "
          "as close to float64 as the single kernels one after the other, at random shapes and with whatever may "
          "stand before and behind the product.",
      "For a shape that your kernel cannot take return plain_" + product + "(*this, ...), your single kernels in turn.",
      "backend/rows-independent",
      {BackendFactory::kKind},
      [make_calls](const Case& it) { return check_kernel(it, make_calls); }};
}

}  // namespace

std::vector<Check> kernel_checks() {
  return {kernel_check("linear", "linear", linear_calls),
          kernel_check("conv2d", "conv2d", conv2d_calls),
          kernel_check("group-norm", "group_norm", group_norm_calls),
          kernel_check("layer-norm", "layer_norm", layer_norm_calls),
          kernel_check("attention", "attention", attention_calls),
          fused_check("norm-conv2d", "norm_conv2d", norm_conv2d_calls),
          fused_check("norm-linear", "norm_linear", norm_linear_calls),
          fused_check("upsample-conv2d", "upsample_conv2d", upsample_conv2d_calls)};
}

}  // namespace alice::check
