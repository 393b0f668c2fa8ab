// What holds of fused products beside their accuracy (core/api/fused_products.h), of every backend: of those that have
// them, and of those whose single kernels stand in for them.

#include <ATen/Parallel.h>

#include <limits>
#include <map>
#include <thread>

#include "core/api/weights.h"
#include "sdk/check/exact_kernels.h"
#include "sdk/check/memory_tensors.h"
#include "tests/contract/fused_parts.h"
#include "tests/support/catch.h"

using namespace alice;
using namespace alice::test;
using check::exact, check::normalised_error;

TEST_CASE("fused products of changing sizes, in any order, give what each gives with a fresh weight") {
  at::manual_seed(7);
  for (const auto& backend : fused_and_other_backends()) {
    CAPTURE(backend->info().device);
    const Weight conv = conv2d_weight(*backend, 64, 96, 3, {1, 1}, true);
    const Weight upsampling = upsampling_weight(*backend, 64, 96, true);
    const Weight linear = linear_weight(*backend, 64, 96, true);
    const GroupNorm norm = group_norm_of(*backend, 32, 64, Activation::silu);
    const LayerNorm layer_norm = layer_norm_of(*backend, 64);
    for (const int64_t side : {4, 24, 8, 1, 4, 16, 24}) {
      CAPTURE(side);
      const Tensor x = random({1, 64, side, side}, *backend);
      const Tensor tokens = x.flatten(2).transpose(1, 2).contiguous();
      const auto fresh_conv = backend->prepare_conv2d(conv.weight, conv.bias, {1, 1});
      CHECK(at::equal(norm_conv2d(*backend, x, norm, *conv.prepared, {1, 1}),
                      norm_conv2d(*backend, x, norm, *fresh_conv, {1, 1})));
      // One weight serves with the norm and without.
      CHECK(at::equal(backend->conv2d(x, *conv.prepared, {1, 1}), backend->conv2d(x, *fresh_conv, {1, 1})));
      CHECK(at::equal(upsample_conv2d(*backend, x, *upsampling.prepared),
                      upsample_conv2d(*backend, x, *prepare_upsampling(*backend, upsampling.weight, upsampling.bias))));
      const auto fresh_linear = backend->prepare_linear(linear.weight, linear.bias);
      CHECK(at::equal(norm_linear(*backend, tokens, layer_norm, {{*linear.prepared}})[0],
                      norm_linear(*backend, tokens, layer_norm, {{*fresh_linear}})[0]));
    }
  }
}

TEST_CASE("fused products leave norms and what they are given as they were, and share no memory with it") {
  at::manual_seed(9);
  for (const auto& backend : fused_and_other_backends()) {
    CAPTURE(backend->info().device);
    const Weight conv = conv2d_weight(*backend, 32, 32, 3, {1, 1}, true);
    const Weight linear = linear_weight(*backend, 32, 32, true);
    GroupNorm norm = group_norm_of(*backend, 8, 32, Activation::silu);
    norm.added = random({2, 32}, *backend);
    const LayerNorm layer_norm = layer_norm_of(*backend, 32);
    const Tensor map = random({2, 32, 9, 7}, *backend), tokens = random({2, 50, 32}, *backend);
    const std::vector<Tensor> given = {norm.weight,     norm.bias, norm.added, layer_norm.weight,
                                       layer_norm.bias, map,       tokens};
    std::vector<Tensor> before;
    for (const Tensor& each : given) before.push_back(each.clone());
    norm_conv2d(*backend, map, norm, *conv.prepared, {1, 1}, {Activation::none, map}).zero_();
    for (const Tensor& result : norm_linear(*backend, tokens, layer_norm,
                                            {{*linear.prepared}, {*linear.prepared, {Activation::relu, tokens}}}))
      result.zero_();
    for (size_t i = 0; i < given.size(); ++i) {
      INFO("argument " << i);
      CHECK(at::equal(given[i], before[i]));
    }
  }
}

TEST_CASE("maps in channels-last memory and tokens that are a view of a map give the same bits") {
  at::manual_seed(10);
  for (const auto& backend : fused_and_other_backends()) {
    CAPTURE(backend->info().device);
    const Weight conv = conv2d_weight(*backend, 32, 48, 3, {1, 1}, true),
                 one = conv2d_weight(*backend, 32, 24, 1, {}, true);
    const Weight upsampling = upsampling_weight(*backend, 32, 48, true), linear = linear_weight(*backend, 32, 32, true);
    const GroupNorm norm = group_norm_of(*backend, 8, 32, Activation::silu);
    const LayerNorm layer_norm = layer_norm_of(*backend, 32);
    const Tensor x = random({2, 32, 13, 10}, *backend), last = x.contiguous(at::MemoryFormat::ChannelsLast);
    const Tensor residual = random({2, 48, 13, 10}, *backend);
    CHECK(at::equal(norm_conv2d(*backend, last, norm, *conv.prepared, {1, 1},
                                {Activation::none, residual.contiguous(at::MemoryFormat::ChannelsLast)}),
                    norm_conv2d(*backend, x, norm, *conv.prepared, {1, 1}, {Activation::none, residual})));
    CHECK(at::equal(norm_conv2d(*backend, last, norm, *one.prepared, {}),
                    norm_conv2d(*backend, x, norm, *one.prepared, {})));
    CHECK(at::equal(upsample_conv2d(*backend, last, *upsampling.prepared),
                    upsample_conv2d(*backend, x, *upsampling.prepared)));
    const Tensor view = x.flatten(2).transpose(1, 2), tokens = view.contiguous();
    CHECK(at::equal(norm_linear(*backend, view, layer_norm, {{*linear.prepared, {Activation::none, view}}})[0],
                    norm_linear(*backend, tokens, layer_norm, {{*linear.prepared, {Activation::none, tokens}}})[0]));
  }
}

TEST_CASE("numbers far from zero cost a norm before a product no digits but their own") {
  at::manual_seed(11);
  for (const auto& backend : fused_and_other_backends()) {
    const bool is_float = backend->dtype() == at::kFloat;
    const double offset = is_float ? 1000 : 30;
    // float32 knows the mean to some units of its last digit.
    const double allowed = fused_tolerance(*backend) + 2 * offset * std::numeric_limits<float>::epsilon();
    CAPTURE(backend->info().device, offset, allowed);
    const Weight conv = conv2d_weight(*backend, 32, 40, 3, {1, 1}, true);
    const Weight linear = linear_weight(*backend, 96, 40, true);
    GroupNorm norm = group_norm_of(*backend, 4, 32, Activation::silu);
    const LayerNorm layer_norm = layer_norm_of(*backend, 96);
    const Tensor map = random({2, 32, 33, 33}, *backend) + offset, tokens = random({2, 90, 96}, *backend) - offset;
    const auto error_of_map = [&](const Tensor& x) {
      return normalised_error(norm_conv2d(*backend, x, norm, *conv.prepared, {1, 1}),
                              exact_conv2d(check::exact_group_norm(x, norm), conv, {1, 1}));
    };
    CHECK(error_of_map(map) < allowed);
    const Tensor expected = check::exact_epilogue(
        at::matmul(check::exact_layer_norm(tokens, layer_norm), exact(linear.weight).t()), linear.bias, {});
    CHECK(normalised_error(norm_linear(*backend, tokens, layer_norm, {{*linear.prepared}})[0], expected) < allowed);
    if (is_float) {  // the sum, rounded to bfloat16, would have lost its digits
      norm.added = random({2, 32}, *backend) + offset;
      CHECK(error_of_map(random({2, 32, 33, 33}, *backend)) < allowed);
    }
  }
}

TEST_CASE("a corner unlike the rest of its map costs a norm before a convolution no digits") {
  at::manual_seed(17);
  for (const auto& backend : fused_and_other_backends()) {
    const Weight conv = conv2d_weight(*backend, 32, 40, 3, {1, 1}, true);
    const GroupNorm norm = group_norm_of(*backend, 4, 32, Activation::none);
    for (const double corner : {10., 100., 1000.}) {
      CAPTURE(backend->info().device, corner);
      Tensor x = at::randn({2, 32, 64, 64});
      x.select(3, 0).select(2, 0).fill_(corner);
      x = x.to(backend->dtype());
      // Without the corner's neighbours, which alone would look right.
      const auto rest = [](const Tensor& map) { return map.narrow(2, 2, 60).narrow(3, 2, 60); };
      const Tensor expected = exact_conv2d(check::exact_group_norm(x, norm), conv, {1, 1});
      CHECK(normalised_error(rest(norm_conv2d(*backend, x, norm, *conv.prepared, {1, 1})), rest(expected)) <
            fused_tolerance(*backend));
    }
  }
}

TEST_CASE("zeros become what the norm and the product add") {
  at::manual_seed(18);
  for (const auto& backend : fused_and_other_backends()) {
    CAPTURE(backend->info().device);
    const Weight conv = conv2d_weight(*backend, 32, 48, 3, {1, 1}, true),
                 linear = linear_weight(*backend, 64, 48, true);
    const Weight upsampling = upsampling_weight(*backend, 32, 48, true);
    const GroupNorm norm = group_norm_of(*backend, 8, 32, Activation::silu);
    const LayerNorm layer_norm = layer_norm_of(*backend, 64);
    const Tensor map = at::zeros({2, 32, 20, 19}, backend->dtype()), tokens = at::zeros({2, 150, 64}, backend->dtype());
    CHECK(normalised_error(norm_conv2d(*backend, map, norm, *conv.prepared, {1, 1}),
                           exact_conv2d(check::exact_group_norm(map, norm), conv, {1, 1})) < fused_tolerance(*backend));
    const Tensor expected = check::exact_epilogue(
        at::matmul(check::exact_layer_norm(tokens, layer_norm), exact(linear.weight).t()), linear.bias, {});
    CHECK(normalised_error(norm_linear(*backend, tokens, layer_norm, {{*linear.prepared}})[0], expected) <
          fused_tolerance(*backend));
    const Tensor large = upsample_conv2d(*backend, map, *upsampling.prepared);
    CHECK(at::equal(large, upsampling.bias.view({1, -1, 1, 1}).expand_as(large)));
  }
}

TEST_CASE("a NaN comes out of its own row, and of no other") {
  at::manual_seed(12);
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const auto other_rows = [](const Tensor& result) {
    return at::cat({result.narrow(0, 0, 1), result.narrow(0, 2, 1)});
  };
  for (const auto& backend : fused_and_other_backends()) {
    CAPTURE(backend->info().device);
    const Weight conv = conv2d_weight(*backend, 32, 48, 3, {1, 1}, true),
                 linear = linear_weight(*backend, 64, 48, true);
    const Weight upsampling = upsampling_weight(*backend, 32, 48, true);
    const GroupNorm norm = group_norm_of(*backend, 8, 32, Activation::silu);
    const LayerNorm layer_norm = layer_norm_of(*backend, 64);
    const Tensor map = random({3, 32, 9, 8}, *backend), bad_map = map.clone();
    bad_map[1][7][4][5] = kNan;
    const Tensor tokens = random({3, 140, 64}, *backend), bad_tokens = tokens.clone();
    bad_tokens[1][20][3] = kNan;

    const Tensor normed = norm_conv2d(*backend, bad_map, norm, *conv.prepared, {1, 1});
    CHECK(normed.select(0, 1).isnan().all().item<bool>());  // its group's norm is, everywhere
    CHECK(at::equal(other_rows(normed), other_rows(norm_conv2d(*backend, map, norm, *conv.prepared, {1, 1}))));

    const Tensor large = upsample_conv2d(*backend, bad_map, *upsampling.prepared);
    CHECK(large.select(0, 1).narrow(1, 7, 4).narrow(2, 9, 4).isnan().all().item<bool>());
    CHECK(at::equal(other_rows(large), other_rows(upsample_conv2d(*backend, map, *upsampling.prepared))));

    const auto results = norm_linear(*backend, bad_tokens, layer_norm,
                                     {{*linear.prepared}, {*linear.prepared, {Activation::geglu, {}}}});
    const auto good =
        norm_linear(*backend, tokens, layer_norm, {{*linear.prepared}, {*linear.prepared, {Activation::geglu, {}}}});
    for (size_t i = 0; i < results.size(); ++i) {
      CHECK(results[i][1][20].isnan().all().item<bool>());
      CHECK(results[i].isnan().sum().item<int64_t>() == results[i].size(2));  // other tokens of the row are sound
      CHECK(at::equal(other_rows(results[i]), other_rows(good[i])));
    }
  }
}

TEST_CASE("a row with one huge number spoils no other row of a fused product") {
  at::manual_seed(13);
  for (const auto& backend : fused_and_other_backends()) {
    CAPTURE(backend->info().device);
    const auto check_alone = [](const Tensor& x, const auto& product) {
      const Tensor whole = product(x);
      for (int64_t row = 0; row < x.size(0); ++row) {
        CAPTURE(row);
        CHECK(at::equal(product(x.narrow(0, row, 1)), whole.narrow(0, row, 1)));
      }
    };
    Tensor map = at::randn({3, 32, 12, 12}), tokens = at::randn({3, 150, 512});
    map[1][17][6][6] = 3e4;
    tokens.select(0, 1).select(1, 5).fill_(300);
    map = map.to(backend->dtype()), tokens = tokens.to(backend->dtype());
    const Weight conv = conv2d_weight(*backend, 32, 48, 3, {1, 1}, true),
                 linear = linear_weight(*backend, 512, 48, true);
    const Weight upsampling = upsampling_weight(*backend, 32, 48, true);
    const GroupNorm norm = group_norm_of(*backend, 1, 32, Activation::none);
    const LayerNorm layer_norm = layer_norm_of(*backend, 512);
    check_alone(map, [&](const Tensor& x) { return norm_conv2d(*backend, x, norm, *conv.prepared, {1, 1}); });
    check_alone(map, [&](const Tensor& x) { return upsample_conv2d(*backend, x, *upsampling.prepared); });
    check_alone(tokens, [&](const Tensor& x) {
      return at::cat(norm_linear(*backend, x, layer_norm,
                                 {{*linear.prepared}, {*linear.prepared, {Activation::geglu, std::nullopt}}}),
                     -1);
    });
  }
}

TEST_CASE("four callers of fused products at once and a second run get the same bits") {
  at::manual_seed(14);
  for (const auto& backend : fused_and_other_backends()) {
    CAPTURE(backend->info().device);
    const Weight conv = conv2d_weight(*backend, 32, 32, 3, {1, 1}, true),
                 linear = linear_weight(*backend, 32, 64, true);
    const Weight upsampling = upsampling_weight(*backend, 32, 24, true);
    GroupNorm norm = group_norm_of(*backend, 4, 32, Activation::silu);
    const LayerNorm layer_norm = layer_norm_of(*backend, 32);
    const Tensor map = random({2, 32, 19, 21}, *backend);
    norm.added = random({2, 32}, *backend);
    const auto all = [&] {
      const Tensor h = norm_conv2d(*backend, map, norm, *conv.prepared, {1, 1}, {Activation::none, map});
      std::vector<Tensor> results =
          norm_linear(*backend, h.flatten(2).transpose(1, 2), layer_norm,
                      {{*linear.prepared}, {*linear.prepared, {Activation::geglu, std::nullopt}}});
      results.push_back(h);
      results.push_back(upsample_conv2d(*backend, h, *upsampling.prepared));
      return results;
    };
    const int threads = at::get_num_threads();
    std::vector<std::vector<Tensor>> together(4);
    std::vector<std::thread> callers;
    for (auto& results : together)
      callers.emplace_back([&] {
        at::set_num_threads(threads);
        results = all();
      });
    for (std::thread& caller : callers) caller.join();
    const std::vector<Tensor> expected = all();
    for (const auto& results : together)
      for (size_t i = 0; i < expected.size(); ++i) CHECK(at::equal(results[i], expected[i]));
  }
}

TEST_CASE("fused products of shapes that do not fit together are an error and no crash") {
  at::manual_seed(15);
  for (const auto& backend : fused_and_other_backends()) {
    CAPTURE(backend->info().device);
    const auto some = [&](std::vector<int64_t> shape) { return random(std::move(shape), *backend); };
    const auto norm_of = [&](int64_t channels) { return group_norm_of(*backend, 2, channels, Activation::silu); };
    const Weight conv = conv2d_weight(*backend, 6, 8, 3, {1, 1}, false), linear = linear_weight(*backend, 6, 8, false);
    const Weight narrow = conv2d_weight(*backend, 6, 8, 3, {1, 0}, false);
    const Weight upsampling = upsampling_weight(*backend, 6, 8, false);
    const LayerNorm of_six = layer_norm_of(*backend, 6);
    const auto conv2d_of = [&](const Tensor& x, const GroupNorm& norm) {
      return norm_conv2d(*backend, x, norm, *conv.prepared, {1, 1});
    };
    CHECK_THROWS(conv2d_of(some({2, 4, 5, 5}), norm_of(4)));
    CHECK_THROWS(conv2d_of(some({2, 6, 5, 5}), norm_of(4)));
    CHECK_THROWS(conv2d_of(some({2, 6, 5}), norm_of(6)));
    GroupNorm four_groups = norm_of(6);
    four_groups.groups = 4;
    CHECK_THROWS(conv2d_of(some({2, 6, 5, 5}), four_groups));
    GroupNorm adds_four = norm_of(6);
    adds_four.added = some({2, 4});
    CHECK_THROWS(conv2d_of(some({2, 6, 5, 5}), adds_four));
    CHECK_THROWS(norm_conv2d(*backend, some({2, 6, 2, 2}), norm_of(6), *narrow.prepared, {1, 0}));
    CHECK_THROWS(norm_conv2d(*backend, some({2, 6, 5, 5}), norm_of(6), *conv.prepared, {1, 1},
                             {Activation::none, some({2, 8, 5, 4})}));
    CHECK_THROWS(norm_linear(*backend, some({2, 5, 7}), of_six, {{*linear.prepared}}));
    CHECK_THROWS(norm_linear(*backend, some({2, 5, 6}), layer_norm_of(*backend, 5), {{*linear.prepared}}));
    CHECK_THROWS(norm_linear(*backend, some({2, 5, 6}), of_six,
                             {{*linear.prepared}, {*linear.prepared, {Activation::none, some({2, 4, 8})}}}));
    CHECK_THROWS(upsample_conv2d(*backend, some({2, 5, 4, 4}), *upsampling.prepared));
  }
}

TEST_CASE("upsampling weights are made of every float type and do not change with their source") {
  for (const auto& backend : fused_and_other_backends())
    for (const auto type : {at::kHalf, at::kBFloat16, at::kFloat, at::kDouble}) {
      CAPTURE(backend->info().device, at::toString(type));
      Tensor weight = at::ones({2, 3, 3, 3}, type), bias = at::ones({2}, type);
      const auto prepared = prepare_upsampling(*backend, weight, bias);
      weight.zero_(), bias.zero_();
      const Tensor result = upsample_conv2d(*backend, at::ones({1, 3, 4, 4}, backend->dtype()), *prepared);
      CHECK((result.narrow(2, 1, 6).narrow(3, 1, 6) == 3 * 9 + 1).all().item<bool>());
    }
}

TEST_CASE("a model prepares an upsampling weight once, beside its convolution's or as the same") {
  at::manual_seed(16);
  Parameter parameter;
  parameter.name = parameter.source = "up.weight", parameter.shape = {8, 6, 3, 3};
  const Tensor weight = at::randn(parameter.shape), delta = at::randn(parameter.shape);
  const std::map<std::string, Tensor> file = {{"up.weight", weight}};
  for (const auto& backend : fused_and_other_backends()) {
    CAPTURE(backend->info().device);
    const ModelWeights weights("made/model", std::make_shared<check::MemoryTensors>(file), {parameter}, backend);
    const auto upsampling = weights.upsample_conv2d("up"), convolution = weights.conv2d("up", {1, 1});
    CHECK(weights.upsample_conv2d("up") == upsampling);
    CHECK((upsampling == convolution) == (fused_products(*backend) == nullptr));
    const Tensor x = random({1, 6, 5, 4}, *backend);
    const auto gives = [&](const PreparedWeight& prepared, const Tensor& expected) {
      return at::equal(upsample_conv2d(*backend, x, prepared),
                       upsample_conv2d(*backend, x, *prepare_upsampling(*backend, expected, {})));
    };
    CHECK(gives(*upsampling, weight));
    CHECK(gives(*weights.patched({{"up.weight", delta}}).upsample_conv2d("up"), weight + delta));
    CHECK(gives(*weights.upsample_conv2d("up"), weight));
  }
}
