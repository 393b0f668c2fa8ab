// How near the results of fused products come to float64 (core/api/fused_products.h), of every backend: of those that
// have fused products, and of those whose single kernels stand in for them.

#include <iterator>
#include <limits>
#include <random>

#include "sdk/check/exact_kernels.h"
#include "tests/contract/fused_parts.h"
#include "tests/support/catch.h"

using namespace alice;
using namespace alice::test;
using check::exact;

namespace {

constexpr Activation kActivations[] = {Activation::none, Activation::silu, Activation::gelu, Activation::quick_gelu,
                                       Activation::relu};

using Shapes = std::mt19937;
int64_t up_to(int64_t most, Shapes& shapes) { return 1 + static_cast<int64_t>(shapes() % most); }

struct NormConv2dCase {
  int64_t rows, groups, in, out, height, width, kernel;
  Conv2dShape shape;
  Activation before, after;
  bool with_bias, with_residual, with_added;
};

NormConv2dCase random_case(Shapes& shapes, Activation before, bool is_pixel) {
  NormConv2dCase c{};
  c.rows = kRows;
  c.kernel = shapes() % 3 == 0 ? 1 : 3;
  c.shape = {up_to(2, shapes), c.kernel == 1 ? 0 : static_cast<int64_t>(shapes() % 3)};
  if (is_pixel && c.kernel == 3) c.shape.padding = 1;
  c.groups = is_pixel ? 2 : int64_t{1} << shapes() % 5;
  c.in = c.groups * (is_pixel ? 15 + up_to(20, shapes) : up_to(40 / c.groups + 1, shapes));
  c.out = up_to(70, shapes);
  c.height = is_pixel ? 1 : 3 + up_to(20, shapes), c.width = is_pixel ? 1 : 3 + up_to(20, shapes);
  c.before = before, c.after = kActivations[shapes() % std::size(kActivations)];
  c.with_bias = shapes() % 2, c.with_residual = shapes() % 2, c.with_added = shapes() % 2;
  return c;
}

void check_norm_conv2d(const Backend& backend, const NormConv2dCase& c) {
  CAPTURE(backend.info().device, c.groups, c.in, c.out, c.height, c.width, c.kernel, c.shape.stride, c.shape.padding);
  CAPTURE(static_cast<int>(c.before), static_cast<int>(c.after), c.with_bias, c.with_residual, c.with_added);
  const Weight w = conv2d_weight(backend, c.in, c.out, c.kernel, c.shape, c.with_bias);
  const GroupNorm norm = group_norm_of(backend, c.groups, c.in, c.before);
  const Tensor x = random({c.rows, c.in, c.height, c.width}, backend) + 1;
  const Tensor added = random({c.rows, c.in}, backend);
  const auto norm_of = [&](const Tensor& rows) {
    GroupNorm some = norm;
    if (c.with_added) some.added = rows;
    return some;
  };
  Tensor expected =
      check::exact_activation(exact_conv2d(check::exact_group_norm(x, norm_of(added)), w, c.shape), c.after);
  const Tensor residual = random(expected.sizes().vec(), backend);
  if (c.with_residual) expected = expected + exact(residual);
  check_kernel(
      backend, fused_tolerance(backend), {x, added, residual},
      [&](const std::vector<Tensor>& some) {
        Epilogue epilogue{c.after, std::nullopt};
        if (c.with_residual) epilogue.residual = some[2];
        return norm_conv2d(backend, some[0], norm_of(some[1]), *w.prepared, c.shape, epilogue);
      },
      expected);
}

}  // namespace

TEST_CASE("norm_conv2d is close to float64 and a row never depends on the others") {
  Shapes shapes(1);
  at::manual_seed(1);
  for (const auto& backend : fused_and_other_backends())
    for (const Activation before : kActivations)
      for (int round = 0; round < 6; ++round) check_norm_conv2d(*backend, random_case(shapes, before, round == 0));
}

TEST_CASE("norm_conv2d of the sizes that models have is close to float64") {
  at::manual_seed(2);
  const auto silu = Activation::silu, none = Activation::none;
  for (const auto& backend : fused_and_other_backends()) {
    check_norm_conv2d(*backend, {2, 32, 320, 320, 16, 16, 3, {1, 1}, silu, none, true, true, true});
    check_norm_conv2d(*backend, {2, 32, 128, 64, 48, 40, 3, {1, 1}, silu, none, true, false, false});
    check_norm_conv2d(*backend, {2, 32, 320, 4, 24, 24, 3, {1, 1}, silu, none, true, false, false});
    check_norm_conv2d(*backend, {2, 32, 320, 320, 16, 16, 1, {1, 0}, none, none, true, false, false});
    // Maps that fill no cache, whose lines and channels divide by nothing.
    check_norm_conv2d(*backend, {2, 32, 96, 47, 131, 90, 3, {1, 1}, silu, none, true, true, true});
    check_norm_conv2d(*backend, {2, 31, 93, 48, 130, 91, 3, {2, 1}, none, silu, true, false, true});
  }
}

namespace {

struct LayerCase {
  Activation activation;
  int64_t out;
  bool with_bias, with_residual;
};

/// x of `shape` through the norm and each layer; the results are joined to be compared at once.
void check_norm_linear(const Backend& backend, std::vector<int64_t> shape, const std::vector<LayerCase>& cases) {
  CAPTURE(backend.info().device, shape, cases.size());
  const int64_t in = shape.back();
  const LayerNorm norm = layer_norm_of(backend, in);
  std::vector<Tensor> inputs = {random(shape, backend) + 1}, expected;
  std::vector<Weight> weights;
  for (const LayerCase& c : cases) {
    CAPTURE(static_cast<int>(c.activation), c.out, c.with_bias, c.with_residual);
    weights.push_back(linear_weight(backend, in, c.out, c.with_bias));
    shape.back() = c.activation == Activation::geglu ? c.out / 2 : c.out;
    inputs.push_back(random(shape, backend));  // the residual, whether it is used or not
    const Tensor product = at::matmul(check::exact_layer_norm(inputs[0], norm), exact(weights.back().weight).t());
    const Epilogue epilogue = {c.activation, c.with_residual ? std::optional(inputs.back()) : std::nullopt};
    expected.push_back(check::exact_epilogue(product, weights.back().bias, epilogue));
  }
  check_kernel(
      backend, fused_tolerance(backend), inputs,
      [&](const std::vector<Tensor>& some) {
        std::vector<LinearLayer> layers;
        for (size_t i = 0; i < cases.size(); ++i) {
          const auto residual = cases[i].with_residual ? std::optional(some[i + 1]) : std::nullopt;
          layers.push_back({*weights[i].prepared, {cases[i].activation, residual}});
        }
        const std::vector<Tensor> results = norm_linear(backend, some[0], norm, layers);
        REQUIRE(results.size() == layers.size());
        return at::cat(results, -1);
      },
      at::cat(expected, -1));
}

}  // namespace

TEST_CASE("norm_linear is close to float64 for each of its layers and a row never depends on the others") {
  using A = Activation;
  const std::vector<std::vector<A>> lists = {
      {A::none}, {A::none, A::none, A::none}, {A::geglu}, {A::geglu, A::silu}, {A::gelu, A::quick_gelu, A::relu}};
  Shapes shapes(3);
  at::manual_seed(3);
  for (const auto& backend : fused_and_other_backends())
    for (const auto& list : lists)
      for (int dimensions = 2; dimensions <= 4; ++dimensions) {
        std::vector<LayerCase> cases;
        for (const A activation : list)
          cases.push_back({activation, 2 * up_to(120, shapes), shapes() % 2 == 0, shapes() % 2 == 0});
        std::vector<int64_t> shape = {kRows};
        if (dimensions > 2) shape.push_back(up_to(90, shapes));
        if (dimensions > 3) shape.push_back(3);
        shape.push_back(4 + up_to(300, shapes));
        check_norm_linear(*backend, shape, cases);
      }
}

TEST_CASE("norm_linear of the sizes that models have is close to float64, and of odd and narrow tokens") {
  using A = Activation;
  at::manual_seed(4);
  for (const auto& backend : fused_and_other_backends()) {
    check_norm_linear(*backend, {2, 256, 320},
                      {{A::none, 320, false, false}, {A::none, 320, false, false}, {A::none, 320, false, false}});
    check_norm_linear(*backend, {2, 300, 320}, {{A::geglu, 2560, true, false}});
    check_norm_linear(*backend, {2, 77, 333}, {{A::none, 17, true, true}, {A::quick_gelu, 1, false, false}});
    check_norm_linear(*backend, {2, 1, 5}, {{A::geglu, 2, true, true}});
  }
}

namespace {

void check_upsampling(const Backend& backend, const Weight& w, const Tensor& x) {
  CAPTURE(backend.info().device, x.sizes().vec(), w.weight.size(0), w.bias.defined());
  check_kernel(
      backend, fused_tolerance(backend), {x},
      [&](const std::vector<Tensor>& some) { return upsample_conv2d(backend, some[0], *w.prepared); },
      exact_upsampling(x, w));
}

}  // namespace

TEST_CASE("upsample_conv2d is close to float64 and a row never depends on the others") {
  Shapes shapes(5);
  at::manual_seed(5);
  for (const auto& backend : fused_and_other_backends())
    for (const auto& [height, width] : {std::pair{1, 1}, {1, 2}, {1, 9}, {7, 1}, {2, 2}, {3, 5}, {16, 16}, {23, 18}})
      for (const bool with_bias : {false, true}) {
        const int64_t in = up_to(70, shapes), out = up_to(70, shapes);
        const Weight w = upsampling_weight(*backend, in, out, with_bias);
        check_upsampling(*backend, w, random({kRows, in, height, width}, *backend));
      }
}

TEST_CASE("upsample_conv2d of the sizes that models have is close to float64") {
  at::manual_seed(6);
  for (const auto& backend : fused_and_other_backends()) {
    check_upsampling(*backend, upsampling_weight(*backend, 320, 320, true), random({2, 320, 8, 8}, *backend));
    check_upsampling(*backend, upsampling_weight(*backend, 64, 48, true), random({2, 64, 65, 64}, *backend));
    check_upsampling(*backend, upsampling_weight(*backend, 93, 47, true), random({2, 93, 71, 90}, *backend));
  }
}

TEST_CASE("an upsampling convolution's border is zeros around the large map, and a pixel comes out where it stood") {
  for (const auto& backend : fused_and_other_backends()) {
    CAPTURE(backend->info().device);
    // Each weight is a power of two of its own: in whichever sums, their digits say which were added.
    const Tensor weight = at::pow(2., at::arange(9, at::kFloat)).view({1, 1, 3, 3});
    const auto prepared = prepare_upsampling(*backend, weight, {});
    for (const auto& [height, width] : {std::pair{1, 1}, {2, 3}, {4, 4}})
      for (int64_t pixel = 0; pixel < height * width; ++pixel) {
        CAPTURE(height, width, pixel);
        Tensor x = at::zeros({1, 1, height, width}, backend->dtype());
        x.view(-1)[pixel] = 1;
        const Tensor large = exact(x).repeat_interleave(2, 2).repeat_interleave(2, 3);
        const Tensor expected = at::conv2d(large, exact(weight), {}, 1, 1).to(backend->dtype());
        CHECK(at::equal(upsample_conv2d(*backend, x, *prepared), expected));
      }
  }
}

TEST_CASE("a fused product is about as near to float64 as the single kernels one after the other") {
  // The weights of an upsampling are sums, rounded to the dtype as their terms were.
  constexpr double kOneMoreRounding = 1.5;
  at::manual_seed(7);
  for (const auto& backend : fused_and_other_backends()) {
    const double least = std::numeric_limits<float>::epsilon();
    const auto check_nearness = [&](const Tensor& fused, const Tensor& single, const Tensor& expected) {
      const double error = check::normalised_error(fused, expected), other = check::normalised_error(single, expected);
      CAPTURE(backend->info().device, error, other);
      CHECK(error < kOneMoreRounding * other + least);
    };
    for (const int64_t side : {16, 40}) {
      const Weight conv = conv2d_weight(*backend, 128, 64, 3, {1, 1}, true);
      const Tensor x = random({1, 128, side, side}, *backend);
      const GroupNorm norm = group_norm_of(*backend, 32, 128, Activation::silu);
      const Tensor normed = backend->group_norm(x, norm.groups, norm.weight, norm.bias, norm.eps, norm.activation);
      check_nearness(norm_conv2d(*backend, x, norm, *conv.prepared, {1, 1}),
                     backend->conv2d(normed, *conv.prepared, {1, 1}),
                     exact_conv2d(check::exact_group_norm(x, norm), conv, {1, 1}));
      const auto upsampling = prepare_upsampling(*backend, conv.weight, conv.bias);
      check_nearness(upsample_conv2d(*backend, x, *upsampling),
                     backend->conv2d(at::upsample_nearest2d(x, {2 * side, 2 * side}), *conv.prepared, {1, 1}),
                     exact_upsampling(x, conv));
    }
    const Weight linear = linear_weight(*backend, 320, 320, true);
    const LayerNorm norm = layer_norm_of(*backend, 320);
    const Tensor x = random({1, 400, 320}, *backend);
    check_nearness(norm_linear(*backend, x, norm, {{*linear.prepared}})[0],
                   backend->linear(backend->layer_norm(x, norm.weight, norm.bias, norm.eps), *linear.prepared),
                   at::matmul(check::exact_layer_norm(x, norm), exact(linear.weight).t()) + exact(linear.bias));
  }
}
