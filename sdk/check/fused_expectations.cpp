#include "sdk/check/fused_expectations.h"

#include "sdk/check/exact_kernels.h"
#include "sdk/check/refusal.h"

namespace alice::check {

void expect_upsampling_sizes(const BackendVariant& variant, const FusedProducts& fused) {
  const Tensor weight = at::randn({96, 64, 3, 3}) * 0.04, bias = at::randn({96});
  const auto shared = fused.prepare_upsample_conv2d(weight, bias);
  for (const int64_t side : {4, 12, 24, 4, 16, 5, 12}) {
    const Tensor x = random_tensor({1, 64, side, side}, *variant.backend);
    const Tensor alone = fused.upsample_conv2d(x, *fused.prepare_upsample_conv2d(weight, bias));
    expect(at::equal(fused.upsample_conv2d(x, *shared), alone),
           variant.name + ": upsample_conv2d at side " + std::to_string(side) +
               " gives other numbers when its prepared weight was used at other sizes before");
  }
}

void expect_own_upsampling_weight(const BackendVariant& variant, const FusedProducts& fused, at::ScalarType type) {
  const std::string where = variant.name + ": of a weight of type " + at::toString(type) + " ";
  Tensor weight = at::ones({2, 3, 3, 3}, type), bias = at::ones({2}, type);
  const auto prepared = fused.prepare_upsample_conv2d(weight, bias);
  expect(prepared != nullptr, where + "prepare_upsample_conv2d made null");
  weight.zero_(), bias.zero_();
  const Tensor x = at::ones({1, 3, 5, 5}, at::TensorOptions(variant.backend->device()).dtype(variant.backend->dtype()));
  const Tensor amid = exact(fused.upsample_conv2d(x, *prepared)).narrow(2, 4, 2).narrow(3, 4, 2);
  const double error = normalised_error(amid, at::full_like(amid, 3 * 3 * 3 + 1));
  expect(error < fused_tolerance(*variant.backend), where + "what upsample_conv2d gives changes with its source");
}

void expect_fused_misfits_thrown(const BackendVariant& variant, const FusedProducts& fused) {
  const Backend& b = *variant.backend;
  const auto some = [&](std::vector<int64_t> shape) { return random_tensor(std::move(shape), b); };
  const auto norm_of = [&](int64_t channels) {
    return GroupNorm{2, some({channels}), some({channels}), 1e-5, Activation::silu, {}};
  };
  const auto conv = b.prepare_conv2d(at::randn({8, 6, 3, 3}), {}, {1, 1});
  const auto narrow = b.prepare_conv2d(at::randn({8, 6, 3, 3}), {}, {1, 0});
  const auto linear = b.prepare_linear(at::randn({8, 6}), {});
  const auto upsampling = fused.prepare_upsample_conv2d(at::randn({8, 6, 3, 3}), {});
  const LayerNorm of_six = {some({6}), some({6}), 1e-5};
  expect_thrown(variant.name + ": norm_conv2d of 4 channels with a weight for 6", [&] {
    fused.norm_conv2d(some({2, 4, 5, 5}), norm_of(4), *conv, {1, 1}, {});
  });
  expect_thrown(variant.name + ": norm_conv2d of 6 channels with a norm for 4", [&] {
    fused.norm_conv2d(some({2, 6, 5, 5}), norm_of(4), *conv, {1, 1}, {});
  });
  expect_thrown(variant.name + ": norm_conv2d with 4 numbers to be added to 6 channels", [&] {
    GroupNorm norm = norm_of(6);
    norm.added = some({2, 4});
    fused.norm_conv2d(some({2, 6, 5, 5}), norm, *conv, {1, 1}, {});
  });
  expect_thrown(variant.name + ": norm_conv2d of a map smaller than its kernel", [&] {
    fused.norm_conv2d(some({2, 6, 2, 2}), norm_of(6), *narrow, {1, 0}, {});
  });
  expect_thrown(variant.name + ": norm_conv2d with a residual of another size", [&] {
    fused.norm_conv2d(some({2, 6, 5, 5}), norm_of(6), *conv, {1, 1}, {Activation::none, some({2, 8, 5, 4})});
  });
  expect_thrown(variant.name + ": norm_linear of 7 numbers with a norm and a weight for 6", [&] {
    fused.norm_linear(some({2, 5, 7}), of_six, {{*linear}});
  });
  expect_thrown(variant.name + ": norm_linear with a residual of another length behind its second layer", [&] {
    fused.norm_linear(some({2, 5, 6}), of_six, {{*linear}, {*linear, {Activation::none, some({2, 4, 8})}}});
  });
  expect_thrown(variant.name + ": upsample_conv2d of 5 channels with a weight for 6", [&] {
    fused.upsample_conv2d(some({2, 5, 4, 4}), *upsampling);
  });
}

}  // namespace alice::check
