// What every backend promises of its kernels (core/api/backend.h): close to float64, a row never depends on other rows,
// the same result in every run and from any thread.

#include <ATen/Parallel.h>
#include <sys/resource.h>

#include <random>
#include <thread>

#include "core/api/product_error.h"
#include "sdk/check/exact_kernels.h"
#include "tests/contract/backends.h"
#include "tests/support/catch.h"

using namespace alice;
using namespace alice::test;
using check::exact, check::exact_activation, check::exact_attention, check::normalised_error;

namespace {

constexpr Activation kActivations[] = {Activation::none,       Activation::silu, Activation::gelu,
                                       Activation::quick_gelu, Activation::relu, Activation::geglu};

}  // namespace

TEST_CASE("linear is close to float64 and a row never depends on the others") {
  std::mt19937 shapes(1);
  at::manual_seed(1);
  for (const auto& backend : backends())
    for (Activation activation : kActivations)
      for (int round = 0; round < 4; ++round) {
        const int64_t in = 1 + shapes() % 700, out = 2 * (1 + shapes() % 300), length = 1 + shapes() % 130;
        const bool with_bias = shapes() % 2, with_residual = shapes() % 2, flat = round == 3;
        CAPTURE(backend->info().device, static_cast<int>(activation), in, out, length, with_bias, with_residual, flat);
        const Tensor weight = random({out, in}, *backend, 1 / std::sqrt(in)),
                     bias = with_bias ? random({out}, *backend) : Tensor();
        const int64_t width = activation == Activation::geglu ? out / 2 : out;
        const Tensor x =
            random(flat ? std::vector<int64_t>{kRows, in} : std::vector<int64_t>{kRows, length, in}, *backend);
        const Tensor residual =
            random(flat ? std::vector<int64_t>{kRows, width} : std::vector<int64_t>{kRows, length, width}, *backend);
        const auto prepared = backend->prepare_linear(weight, bias);
        Tensor expected = at::matmul(exact(x), exact(weight).t());
        if (with_bias) expected = expected + exact(bias);
        expected = exact_activation(expected, activation);
        if (with_residual) expected = expected + exact(residual);
        check_kernel(
            *backend, product_tolerance(*backend), {x, residual},
            [&](const std::vector<Tensor>& in_rows) {
              Epilogue epilogue{activation, std::nullopt};
              if (with_residual) epilogue.residual = in_rows[1];
              return backend->linear(in_rows[0], *prepared, epilogue);
            },
            expected);
      }
}

TEST_CASE("conv2d is close to float64 and a row never depends on the others") {
  std::mt19937 shapes(2);
  at::manual_seed(2);
  for (const auto& backend : backends())
    for (Activation activation : {Activation::none, Activation::silu, Activation::relu})
      for (int round = 0; round < 8; ++round) {
        const int64_t in = 1 + shapes() % 70, out = 1 + shapes() % 70, kernel = round % 2 ? 3 : 1;
        const int64_t height = kernel + shapes() % 34, width = kernel + shapes() % 34;
        const Conv2dShape shape{1 + static_cast<int64_t>(shapes() % 2), kernel / 2};
        const bool with_bias = shapes() % 2, with_residual = shapes() % 2;
        CAPTURE(backend->info().device, in, out, kernel, height, width, shape.stride, with_bias, with_residual);
        const Tensor weight = random({out, in, kernel, kernel}, *backend, 1 / std::sqrt(in * kernel * kernel));
        const Tensor bias = with_bias ? random({out}, *backend) : Tensor(),
                     x = random({kRows, in, height, width}, *backend);
        const auto prepared = backend->prepare_conv2d(weight, bias, shape);
        Tensor expected = exact_activation(
            at::conv2d(exact(x), exact(weight), with_bias ? exact(bias) : Tensor(), shape.stride, shape.padding),
            activation);
        const Tensor residual = random(expected.sizes().vec(), *backend);
        if (with_residual) expected = expected + exact(residual);
        check_kernel(
            *backend, product_tolerance(*backend), {x, residual},
            [&](const std::vector<Tensor>& in_rows) {
              Epilogue epilogue{activation, std::nullopt};
              if (with_residual) epilogue.residual = in_rows[1];
              return backend->conv2d(in_rows[0], *prepared, shape, epilogue);
            },
            expected);
      }
}

TEST_CASE("conv2d of channels-last maps is the same") {
  at::manual_seed(3);
  for (const auto& backend : backends()) {
    const auto prepared = backend->prepare_conv2d(random({16, 8, 3, 3}, *backend), random({16}, *backend), {1, 1});
    const Tensor x = random({3, 8, 33, 32}, *backend);
    CHECK(at::equal(backend->conv2d(x.contiguous(at::MemoryFormat::ChannelsLast), *prepared, {1, 1}),
                    backend->conv2d(x, *prepared, {1, 1})));
  }
}

TEST_CASE("group_norm is close to float64 and a row never depends on the others") {
  std::mt19937 shapes(4);
  at::manual_seed(4);
  for (const auto& backend : backends())
    for (Activation activation : {Activation::none, Activation::silu})
      for (int64_t side : {1, 7, 16, 33, 64})
        for (auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
          const int64_t groups = side == 1 ? 2 : 8, channels = groups * (side == 1 ? 32 : 1 + shapes() % 5);
          CAPTURE(backend->info().device, side, groups, channels, static_cast<int>(format));
          const double eps = 1e-5;
          const Tensor weight = random({channels}, *backend), bias = random({channels}, *backend);
          const Tensor x =
              (random({kRows, channels, side, side + 1}, *backend) + 2).contiguous(format);  // a mean to lose digits on
          const Tensor expected = check::exact_group_norm(x, {groups, weight, bias, eps, activation, {}});
          check_kernel(
              *backend, tolerance(*backend), {x},
              [&](const std::vector<Tensor>& in_rows) {
                return backend->group_norm(in_rows[0], groups, weight, bias, eps, activation);
              },
              expected);
        }
}

TEST_CASE("layer_norm is close to float64 and a row never depends on the others") {
  at::manual_seed(5);
  for (const auto& backend : backends())
    for (int64_t width : {3, 8, 77, 320, 1280}) {
      CAPTURE(backend->info().device, width);
      const Tensor weight = random({width}, *backend), bias = random({width}, *backend);
      const Tensor x = random({kRows, 13, width}, *backend) + 2;
      check_kernel(
          *backend, tolerance(*backend), {x},
          [&](const std::vector<Tensor>& in_rows) { return backend->layer_norm(in_rows[0], weight, bias, 1e-5); },
          check::exact_layer_norm(x, {weight, bias, 1e-5}));
    }
}

TEST_CASE("attention is close to float64 and a row never depends on the others") {
  struct Shape {
    int64_t heads, d, queries, keys;
    bool causal;
  };
  at::manual_seed(6);
  for (const auto& backend : backends())
    for (const Shape& s : {Shape{8, 40, 65, 65, false}, Shape{5, 64, 31, 77, false}, Shape{8, 80, 16, 77, false},
                           Shape{2, 160, 33, 7, false}, Shape{1, 512, 99, 99, false}, Shape{12, 64, 77, 77, true},
                           Shape{2, 4, 77, 77, true}, Shape{8, 1, 5, 3, false}, Shape{3, 64, 1, 1, true},
                           Shape{2, 40, 200, 391, false}, Shape{1, 80, 130, 192, false}, Shape{1, 160, 64, 193, false},
                           Shape{1, 64, 250, 250, true}, Shape{1, 33, 70, 100, false}}) {
      CAPTURE(backend->info().device, s.heads, s.d, s.queries, s.keys, s.causal);
      const Tensor q = random({kRows, s.queries, s.heads * s.d}, *backend, 2),
                   k = random({kRows, s.keys, s.heads * s.d}, *backend);
      const Tensor v = random({kRows, s.keys, s.heads * s.d}, *backend);
      const double scale = 1 / std::sqrt(s.d);
      check_kernel(
          *backend, tolerance(*backend), {q, k, v},
          [&](const std::vector<Tensor>& in_rows) {
            return backend->attention(in_rows[0], in_rows[1], in_rows[2], s.heads, scale, s.causal);
          },
          exact_attention(q, k, v, s.heads, scale, s.causal));
    }
}

TEST_CASE("attention over a large map stays within its memory") {
  const auto peak_bytes = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<int64_t>(usage.ru_maxrss) * 1024;
  };
  for (const auto& backend : backends()) {
    at::manual_seed(7);
    CAPTURE(backend->info().device);
    const int64_t heads = 16, length = 4096, d = 8;  // all scores at once: 1 GB
    const Tensor q = random({1, length, heads * d}, *backend), k = random({1, length, heads * d}, *backend);
    const Tensor v = random({1, length, heads * d}, *backend);
    const int64_t before = peak_bytes();
    const Tensor result = backend->attention(q, k, v, heads, 0.3);
    CHECK(peak_bytes() - before < int64_t{400} << 20);
    // A query's result does not depend on the block that it fell into.
    const Tensor some = q.narrow(1, 1000, 20);
    CHECK(normalised_error(result.narrow(1, 1000, 20), exact_attention(some, k, v, heads, 0.3, false)) <
          tolerance(*backend));
  }
}

TEST_CASE("activations on their own are close to float64 and leave their input alone") {
  at::manual_seed(8);
  for (const auto& backend : backends())
    for (Activation activation : kActivations) {
      const Tensor x = random({kRows, 7, 38}, *backend, 2), before = x.clone();
      check_kernel(
          *backend, tolerance(*backend), {x},
          [&](const std::vector<Tensor>& in_rows) { return activate(in_rows[0], activation); },
          exact_activation(exact(x), activation));
      CHECK(at::equal(x, before));
    }
}

TEST_CASE("convolutions of changing sizes give what each gives alone") {
  at::manual_seed(9);
  for (const auto& backend : backends()) {
    const Tensor weight = random({320, 64, 3, 3}, *backend, 0.04), bias = random({320}, *backend);
    const auto shared = backend->prepare_conv2d(weight, bias, {1, 1});
    const Tensor before = shared->weight().clone();
    if (!backend->extension(kProductError)) CHECK(at::equal(before, weight));
    for (int64_t side : {8, 24, 48, 8, 32, 5, 24}) {  // oneDNN lays the weights out otherwise at some of these
      CAPTURE(backend->info().device, side);
      const Tensor x = random({1, 64, side, side}, *backend);
      const Tensor alone = backend->conv2d(x, *backend->prepare_conv2d(weight, bias, {1, 1}), {1, 1});
      CHECK(at::equal(backend->conv2d(x, *shared, {1, 1}), alone));
      CHECK(at::equal(shared->weight(), before));
    }
  }
}

namespace {

/// Something of every kernel, from one thread's point of view.
std::vector<Tensor> all_kernels(const Backend& backend, const PreparedWeight& conv, const PreparedWeight& gated,
                                const Tensor& map) {
  const Tensor norm =
      backend.group_norm(map, 4, at::ones({32}, map.options()), at::zeros({32}, map.options()), 1e-5, Activation::silu);
  const Tensor h = backend.conv2d(norm, conv, {1, 1}, {Activation::none, map});
  const Tensor tokens = h.flatten(2).transpose(1, 2).contiguous();
  const Tensor normed = backend.layer_norm(tokens, at::ones({32}, map.options()), at::zeros({32}, map.options()), 1e-5);
  return {h, backend.linear(normed, gated, {Activation::geglu, std::nullopt}),
          backend.attention(normed, normed, tokens, 4, 0.3)};
}

}  // namespace

TEST_CASE("four callers at once and a second run give the same bits") {
  at::manual_seed(10);
  for (const auto& backend : backends()) {
    CAPTURE(backend->info().device);
    const auto conv = backend->prepare_conv2d(random({32, 32, 3, 3}, *backend, 0.1), random({32}, *backend), {1, 1});
    const auto gated = backend->prepare_linear(random({64, 32}, *backend, 0.2), random({64}, *backend));
    const Tensor map = random({2, 32, 19, 21}, *backend);
    const int threads = at::get_num_threads();
    std::vector<std::vector<Tensor>> results(4);
    std::vector<std::thread> callers;
    for (auto& result : results)
      callers.emplace_back([&] {
        at::set_num_threads(threads);
        result = all_kernels(*backend, *conv, *gated, map);
      });
    for (std::thread& caller : callers) caller.join();
    const std::vector<Tensor> expected = all_kernels(*backend, *conv, *gated, map);
    for (const auto& result : results)
      for (size_t i = 0; i < expected.size(); ++i) CHECK(at::equal(result[i], expected[i]));
  }
}

TEST_CASE("softmax of large scores stays finite and right") {
  at::manual_seed(11);
  for (const auto& backend : backends()) {
    CAPTURE(backend->info().device);
    const Tensor q = random({1, 70, 80}, *backend, 30), k = random({1, 300, 80}, *backend, 30),
                 v = random({1, 300, 80}, *backend);
    CHECK(normalised_error(backend->attention(q, k, v, 2, 1), exact_attention(q, k, v, 2, 1, false)) <
          10 * tolerance(*backend));  // a score of thousands has few digits left
  }
}

TEST_CASE("prepared weights do not change with their source") {
  for (const auto& backend : backends()) {
    Tensor weight = at::ones({2, 3}, backend->dtype()), bias = at::ones({2}, backend->dtype());
    const auto prepared = backend->prepare_linear(weight, bias);
    weight.zero_(), bias.zero_();
    CHECK(prepared->weight().sum().item<float>() == 6);
    CHECK(prepared->bias().sum().item<float>() == 2);
  }
}

TEST_CASE("shapes that do not fit together are an error and no crash") {
  at::manual_seed(12);
  for (const auto& backend : backends()) {
    CAPTURE(backend->info().device);
    const auto linear = backend->prepare_linear(random({8, 6}, *backend), {});
    const auto conv = backend->prepare_conv2d(random({8, 6, 3, 3}, *backend), {}, {1, 1});
    const auto narrow = backend->prepare_conv2d(random({8, 6, 3, 3}, *backend), {}, {1, 0});
    CHECK_THROWS(backend->linear(random({2, 5, 7}, *backend), *linear));
    CHECK_THROWS(
        backend->linear(random({2, 5, 6}, *backend), *linear, {Activation::none, random({2, 4, 8}, *backend)}));
    CHECK_THROWS(backend->conv2d(random({2, 5, 4, 4}, *backend), *conv, {1, 1}));
    CHECK_THROWS(backend->conv2d(random({2, 6, 2, 2}, *backend), *narrow, {1, 0}));
    const auto halving = backend->prepare_conv2d(random({8, 6, 3, 3}, *backend), {}, {2, 0});
    CHECK_THROWS(backend->conv2d(random({2, 6, 2, 2}, *backend), *halving, {2, 0}));
    CHECK_THROWS(backend->layer_norm(random({2, 5, 7}, *backend), random({6}, *backend), random({6}, *backend), 1e-5));
    CHECK_THROWS(backend->attention(random({2, 5, 8}, *backend), random({2, 5, 6}, *backend),
                                    random({2, 5, 6}, *backend), 2, 1));
  }
}
