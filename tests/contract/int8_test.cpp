// Linear layers and convolutions in 8 bits: what they may lose, and that nothing else is lost.
//
// The bound. A number that is rounded to the nearest of steps s is off by s^2 / 12 in the mean square. Rounding errors
// of activations and of weights have nothing to do with the numbers that they are multiplied with, so the normalised
// errors of the two add in the square: a product's error is the root of (squared error of the activations) + (squared
// error of the weight). Here both are known: an activation's step follows from the extremes of its token or map, and
// PreparedWeight::weight() gives the weight as it was rounded.

#include <random>

#include "core/api/backend.h"
#include "core/api/product_error.h"
#include "sdk/check/exact_kernels.h"
#include "tests/support/catch.h"
#include "tests/support/plugin.h"

using namespace alice;
using check::exact;

namespace {

const BackendFactory& factory() {
  static const test::Plugin plugin = test::load_plugin("alice-backend-onednn");
  return plugin.factory<BackendFactory>("onednn");
}

/// Null on a processor that cannot multiply bytes.
std::shared_ptr<const Backend> int8_backend() {
  static const std::shared_ptr<const Backend> made = [] {
    std::shared_ptr<const Backend> result;
    try {
      result = factory().create({{Json{{"dtype", "int8"}}, UnknownKeys::fault, json_places("")}});
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::unsupported);
      CHECK(std::string(error.what()).find("int8 needs a processor with AVX512-VNNI") != std::string::npos);
    }
    return result;
  }();
  return made;
}

double squares(const Tensor& tensor) { return exact(tensor).square().sum().item<double>(); }

/// |a - b|^2 / |b|^2.
double squared_error(const Tensor& result, const Tensor& expected) {
  return squares(exact(result) - exact(expected)) / squares(expected);
}

/// Uniform integers of the two bounds and between, and each bound somewhere in every run of the last dimension.
Tensor integers(std::vector<int64_t> shape, int64_t lowest, int64_t highest) {
  Tensor result = at::randint(lowest, highest + 1, shape, at::kFloat);
  const Tensor runs = result.view({-1, shape.back()});
  runs.select(1, 0).fill_(lowest);
  runs.select(1, shape.back() - 1).fill_(highest);
  return result;
}

/// Of the plain product, before the backend's own dtype rounds it.
constexpr double kRoundings = 2e-5;  // squared: two roundings to bfloat16, 2^-9 each at most

struct MapShape {
  int64_t in, out, height, width, kernel, stride, padding;
};
constexpr MapShape kMaps[] = {{64, 48, 16, 16, 3, 1, 1}, {33, 17, 13, 7, 3, 1, 1},   {320, 320, 8, 8, 3, 1, 1},
                              {40, 65, 21, 30, 3, 2, 1}, {40, 65, 21, 30, 3, 2, 0},  {130, 24, 12, 11, 1, 2, 0},
                              {11, 16, 9, 9, 3, 1, 2},   {16, 96, 200, 150, 3, 1, 1}};  // the last: in several blocks

struct TokenShape {
  int64_t in, out, tokens;
};
constexpr TokenShape kTokens[] = {
    {320, 320, 256}, {97, 17, 129}, {768, 3072, 1001}, {1280, 320, 1000}, {100, 34, 4096}};

}  // namespace

TEST_CASE("int8: a linear layer loses what rounding to 8 bits explains, no more and no less") {
  const auto backend = int8_backend();
  if (!backend) return;
  at::manual_seed(1);
  for (const TokenShape& s : kTokens) {
    CAPTURE(s.in, s.out, s.tokens);
    const Tensor weight = at::randn({s.out, s.in}), x = at::randn({2, s.tokens, s.in}).to(backend->dtype());
    const auto prepared = backend->prepare_linear(weight, {});
    const Tensor steps = exact(x).abs().amax(-1) / 127;
    const double of_activations = steps.square().sum().item<double>() * static_cast<double>(s.in) / 12 / squares(x);
    const double explained = of_activations + squared_error(prepared->weight(), weight);
    const double lost = squared_error(backend->linear(x, *prepared), at::matmul(exact(x), exact(weight).t()));
    CHECK(lost < 1.1 * explained + kRoundings);
    CHECK(lost > 0.9 * explained - kRoundings);
    const auto* stated = static_cast<const ProductError*>(backend->extension(kProductError));
    REQUIRE(stated != nullptr);
    CHECK(lost < stated->largest * stated->largest);
  }
}

TEST_CASE("int8: a convolution loses what rounding to 8 bits explains, no more and no less") {
  const auto backend = int8_backend();
  if (!backend) return;
  at::manual_seed(2);
  for (const MapShape& s : kMaps) {
    CAPTURE(s.in, s.out, s.height, s.width, s.kernel, s.stride, s.padding);
    const Tensor weight = at::randn({s.out, s.in, s.kernel, s.kernel});
    // After a SiLU, as convolutions of residual blocks see them.
    const Tensor x = at::silu(at::randn({1, s.in, s.height, s.width})).to(backend->dtype());
    const Conv2dShape shape{s.stride, s.padding};
    const auto prepared = backend->prepare_conv2d(weight, {}, shape);
    const double step = (exact(x).max() - exact(x).min()).item<double>() / 255;
    const double explained =
        step * step * static_cast<double>(x.numel()) / 12 / squares(x) + squared_error(prepared->weight(), weight);
    const double lost = squared_error(backend->conv2d(x, *prepared, shape),
                                      at::conv2d(exact(x), exact(weight), {}, s.stride, s.padding));
    CHECK(lost < 1.2 * explained + kRoundings);
    CHECK(lost > 0.8 * explained - kRoundings);
  }
}

TEST_CASE("int8: integers that bytes hold are multiplied exactly, with bias, residual and ReLU") {
  const auto backend = int8_backend();
  if (!backend) return;
  at::manual_seed(3);
  for (const TokenShape& s : kTokens) {
    CAPTURE(s.in, s.out, s.tokens);
    const Tensor weight = integers({s.out, s.in}, -127, 127), bias = integers({s.out}, -100, 100);
    const Tensor x = integers({2, s.tokens, s.in}, -127, 127).to(backend->dtype());
    const Tensor residual = integers({2, s.tokens, s.out}, -9, 9).to(backend->dtype());
    const auto prepared = backend->prepare_linear(weight, bias);
    CHECK(at::equal(prepared->weight().to(at::kFloat), weight));
    const Tensor sums = at::matmul(exact(x), exact(weight).t()) + exact(bias);
    CHECK(at::equal(backend->linear(x, *prepared), sums.to(backend->dtype())));
    CHECK(at::equal(backend->linear(x, *prepared, {Activation::relu, residual}),
                    (at::relu(sums) + exact(residual)).to(backend->dtype())));
  }
  for (const MapShape& s : kMaps) {
    CAPTURE(s.in, s.out, s.height, s.width, s.kernel, s.stride, s.padding);
    const Tensor bias = integers({s.out}, -100, 100);
    Tensor weight = integers({s.out, s.in * s.kernel * s.kernel}, -127, 127).view({s.out, s.in, s.kernel, s.kernel});
    for (const int64_t lowest : {-255, -100, -1, 0}) {  // the bytes begin at the lowest number
      const Tensor x = integers({2, s.in, s.height, s.width}, lowest, lowest + 255).to(backend->dtype());
      const Conv2dShape shape{s.stride, s.padding};
      const auto prepared = backend->prepare_conv2d(weight, bias, shape);
      const Tensor sums = at::conv2d(exact(x), exact(weight), exact(bias), s.stride, s.padding);
      const Tensor residual = integers(sums.sizes().vec(), -9, 9).to(backend->dtype());
      CHECK(at::equal(backend->conv2d(x, *prepared, shape, {Activation::relu, residual}),
                      (at::relu(sums) + exact(residual)).to(backend->dtype())));
    }
  }
}

TEST_CASE("int8: no number of a map is off by more than its step, at the edges of the range either") {
  const auto backend = int8_backend();
  if (!backend) return;
  at::manual_seed(4);
  for (int round = 0; round < 30; ++round) {
    const Tensor weight = at::randn({16, 16, 3, 3});
    const double middle = at::randn({1}).item<double>();
    const Tensor x = (at::rand({1, 16, 10, 11}) * 3 + middle).to(backend->dtype());
    const auto prepared = backend->prepare_conv2d(weight, {}, {1, 1});
    const Tensor used = exact(prepared->weight()), expected = at::conv2d(exact(x), used, {}, 1, 1);
    const double highest = std::max(0.0, exact(x).max().item<double>()),
                 lowest = std::min(0.0, exact(x).min().item<double>());
    // Each number off by a step, each weight (as weight() gives it) by a rounding to bfloat16, the result by another.
    const Tensor sizes = at::conv2d(exact(x).abs(), used.abs(), {}, 1, 1);
    const Tensor allowed =
        at::conv2d(at::ones_like(exact(x)), used.abs(), {}, 1, 1) * ((highest - lowest) / 255) + sizes / 256;
    CHECK(((exact(backend->conv2d(x, *prepared, {1, 1})) - expected).abs() <= allowed).all().item<bool>());
  }
}

namespace {

/// Normally distributed rows of which number 1 cannot be told in 8 bits: one number towers over all others.
Tensor rows_with_an_outlier(std::vector<int64_t> shape, at::ScalarType dtype) {
  const Tensor x = at::randn(shape);
  x.select(0, 1).view({-1})[17] = 3e4;
  return x.to(dtype);
}

template <class Product>
void check_rows(const Tensor& x, const Product& product) {
  const Tensor whole = product(x);
  for (int64_t count : {1, 2, 3})
    for (int64_t first = 0; first + count <= x.size(0); ++first) {
      CAPTURE(first, count);
      CHECK(at::equal(product(x.narrow(0, first, count)), whole.narrow(0, first, count)));
    }
}

}  // namespace

TEST_CASE("int8: a row with one huge number is multiplied as other dtypes are, and no row depends on the others") {
  const auto backend = int8_backend();
  if (!backend) return;
  at::manual_seed(5);
  const double as_dtype = backend->dtype() == at::kFloat ? 1e-6 : 6e-3;
  {
    const Tensor x = rows_with_an_outlier({4, 32, 12, 12}, backend->dtype());
    const auto prepared = backend->prepare_conv2d(at::randn({24, 32, 3, 3}), at::randn({24}), {1, 1});
    const auto product = [&](const Tensor& some) { return backend->conv2d(some, *prepared, {1, 1}); };
    check_rows(x, product);
    const Tensor row = x.narrow(0, 1, 1);
    const Tensor expected = at::conv2d(exact(row), exact(prepared->weight()), exact(prepared->bias()), 1, 1);
    // Below the huge number, which alone would look right.
    CHECK(std::sqrt(squared_error(product(row).narrow(2, 6, 6), expected.narrow(2, 6, 6))) < as_dtype);
  }
  {
    Tensor x = at::randn({3, 200, 512});
    x.select(0, 1).select(1, 5).fill_(300);  // of every token
    x = x.to(backend->dtype());
    const auto prepared = backend->prepare_linear(at::randn({40, 512}), at::randn({40}));
    for (const Activation activation : {Activation::none, Activation::silu, Activation::geglu}) {
      const auto product = [&](const Tensor& some) {
        return backend->linear(some, *prepared, {activation, std::nullopt});
      };
      check_rows(x, product);
    }
    const Tensor expected = at::linear(exact(x), exact(prepared->weight()), exact(prepared->bias()));
    CHECK(std::sqrt(squared_error(backend->linear(x, *prepared).select(0, 1), expected.select(0, 1))) < as_dtype);
  }
}

TEST_CASE("int8: zeros give the bias, in a whole row or in one token") {
  const auto backend = int8_backend();
  if (!backend) return;
  at::manual_seed(6);
  const Tensor bias = at::randn({32}).to(backend->dtype());
  const auto linear = backend->prepare_linear(at::randn({32, 128}), bias);
  const auto conv = backend->prepare_conv2d(at::randn({32, 32, 3, 3}), bias, {1, 1});
  const Tensor none = backend->linear(at::zeros({1, 200, 128}, backend->dtype()), *linear);
  CHECK(at::equal(none, bias.expand_as(none)));
  Tensor x = at::randn({1, 200, 128}).to(backend->dtype());
  x.select(1, 7).zero_();
  x.select(1, 9).fill_(1e-35);
  CHECK(at::equal(backend->linear(x, *linear).select(1, 7), bias.view({1, -1})));
  CHECK(at::equal(backend->linear(x, *linear).select(1, 9), bias.view({1, -1})));
  const Tensor map = backend->conv2d(at::zeros({1, 32, 9, 9}, backend->dtype()), *conv, {1, 1});
  CHECK(at::equal(map, bias.view({1, -1, 1, 1}).expand_as(map)));
}

TEST_CASE("int8: a weight whose channel is nothing but zeros gives that channel's bias") {
  const auto backend = int8_backend();
  if (!backend) return;
  at::manual_seed(7);
  Tensor weight = at::randn({32, 128});
  weight.select(0, 3).zero_();
  const auto prepared = backend->prepare_linear(weight, at::full({32}, 0.5));
  const Tensor result = backend->linear(at::randn({1, 300, 128}).to(backend->dtype()), *prepared);
  CHECK((result.select(2, 3) == 0.5).all().item<bool>());
}

TEST_CASE("int8: what is not finite stays so, where it is seen and nowhere else") {
  const auto backend = int8_backend();
  if (!backend) return;
  at::manual_seed(8);
  const auto linear = backend->prepare_linear(at::randn({32, 128}), at::randn({32}));
  const auto conv = backend->prepare_conv2d(at::randn({32, 32, 3, 3}), at::randn({32}), {1, 1});
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    CAPTURE(bad);
    const Tensor good_tokens = at::randn({2, 200, 128}).to(backend->dtype()), tokens = good_tokens.clone();
    tokens[1][150][3] = bad;
    const Tensor result = backend->linear(tokens, *linear), finite = at::isfinite(result);
    CHECK_FALSE(finite.select(0, 1).select(0, 150).any().item<bool>());
    CHECK(finite.sum().item<int64_t>() == result.numel() - 32);
    CHECK(at::equal(result.select(0, 0), backend->linear(good_tokens, *linear).select(0, 0)));

    const Tensor good_map = at::randn({2, 32, 12, 12}).to(backend->dtype()), map = good_map.clone();
    map[1][5][6][7] = bad;
    const Tensor seen = at::isfinite(backend->conv2d(map, *conv, {1, 1})).logical_not();
    CHECK(seen.sum().item<int64_t>() == 32 * 9);
    CHECK(seen.select(0, 1).narrow(1, 5, 3).narrow(2, 6, 3).all().item<bool>());
    CHECK(at::equal(backend->conv2d(map, *conv, {1, 1}).select(0, 0),
                    backend->conv2d(good_map, *conv, {1, 1}).select(0, 0)));
  }
}

TEST_CASE("int8: small layers and weights that would lose too much stay as they are") {
  const auto backend = int8_backend();
  if (!backend) return;
  at::manual_seed(9);
  const auto stays = [&](const Tensor& weight) {
    const Tensor given = weight.to(backend->dtype());
    return at::equal(backend->prepare_linear(weight, {})->weight(), given);
  };
  CHECK(stays(at::randn({1, 1})));
  CHECK(stays(at::randn({320, 36})));  // the first convolution of SD 1.5, as a product
  CHECK(stays(at::randn({4, 2880})));  // the last one
  CHECK_FALSE(stays(at::randn({320, 320})));
  Tensor uneven = at::randn({64, 1000});
  uneven.select(1, 0).fill_(30);
  CHECK(stays(uneven));
  const Tensor first = at::randn({320, 4, 3, 3});
  CHECK(at::equal(backend->prepare_conv2d(first, {}, {1, 1})->weight(), first.to(backend->dtype())));
}

TEST_CASE("int8: what was computed before changes nothing, whichever form the weight had then") {
  const auto backend = int8_backend();
  if (!backend) return;
  at::manual_seed(10);
  const Tensor weight = at::randn({48, 256}), bias = at::randn({48});
  const Tensor few = at::randn({1, 20, 256}).to(backend->dtype()), many = at::randn({1, 300, 256}).to(backend->dtype());
  const auto one = backend->prepare_linear(weight, bias), other = backend->prepare_linear(weight, bias);
  const Tensor weight_before = one->weight().clone();
  const Tensor few_first = backend->linear(few, *one), many_then = backend->linear(many, *one);
  CHECK(at::equal(backend->linear(many, *other), many_then));
  CHECK(at::equal(backend->linear(few, *other), few_first));
  CHECK(at::equal(backend->linear(few, *one), few_first));
  CHECK(at::equal(one->weight(), weight_before));
  CHECK(at::equal(other->weight(), weight_before));
  // Half a step of its channel, and a rounding to the dtype.
  const Tensor step = weight.abs().amax(1, true) / 127;
  CHECK(((exact(weight_before) - exact(weight)).abs() <= exact(step) * 0.501 + exact(weight).abs() / 256)
            .all()
            .item<bool>());
}

TEST_CASE("int8: a processor that has no AVX512-VNNI is told so, and which other dtype to say") {
  if (int8_backend()) return;
  try {
    factory().create({{Json{{"dtype", "int8"}}, UnknownKeys::fault, json_places("")}});
    FAIL("int8 was accepted");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("dtype: float32") != std::string::npos);
  }
}
