#include "server/worker/bench/measured_backend.h"

#include "sdk/check/plain_backend.h"
#include "tests/support/catch.h"
#include "tests/support/fused_backend.h"

using namespace alice;
using namespace alice::bench;

namespace {

/// A weight that only its own backend knows.
class SealedWeight final : public PreparedWeight {
 public:
  using PreparedWeight::PreparedWeight;
};

const char kAbility[] = "an ability";

/// Plain kernels, for weights of its own kind alone.
class ParticularBackend final : public Backend {
 public:
  BackendInfo info() const override { return {"particular", 7}; }
  at::Device device() const override { return at::kCPU; }
  at::ScalarType dtype() const override { return at::kFloat; }
  PreparedWeightPtr prepare_linear(const Tensor& weight, const Tensor& bias) const override {
    return std::make_shared<SealedWeight>(weight, bias);
  }
  PreparedWeightPtr prepare_conv2d(const Tensor& weight, const Tensor& bias, const Conv2dShape&) const override {
    return std::make_shared<SealedWeight>(weight, bias);
  }
  Tensor linear(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue) const override {
    return Backend::linear(x, dynamic_cast<const SealedWeight&>(w), epilogue);
  }
  Tensor conv2d(const Tensor& x, const PreparedWeight& w, const Conv2dShape& shape,
                const Epilogue& epilogue) const override {
    return Backend::conv2d(x, dynamic_cast<const SealedWeight&>(w), shape, epilogue);
  }
  const void* extension(const char* name) const override { return std::string(name) == kAbility ? kAbility : nullptr; }
};

MeasuredBackend measured() { return MeasuredBackend(check::plain_backend()); }
MeasuredBackend measured_fused() { return MeasuredBackend(std::make_shared<test::FusedBackend>(at::kFloat)); }

GroupNorm group_norm_of(int64_t channels) {
  return {2, at::randn({channels}), at::randn({channels}), 1e-5, Activation::silu, {}};
}
LayerNorm layer_norm_of(int64_t width) { return {at::randn({width}), at::randn({width}), 1e-5}; }

/// The only kind of layer that was called, and how often; its operations.
double operations(const MeasuredBackend& backend, const std::string& kind, int64_t calls = 1) {
  const LayerAccounts accounts = backend.accounts();
  REQUIRE(accounts.size() == 1);
  CHECK(accounts.begin()->first == kind);
  CHECK(accounts.begin()->second.calls == calls);
  CHECK(accounts.begin()->second.seconds >= 0);
  return accounts.begin()->second.operations;
}

}  // namespace

TEST_CASE("a linear layer is two operations for each weight and token") {
  const MeasuredBackend backend = measured();
  const auto weight = backend.prepare_linear(at::randn({3, 7}), at::randn({3}));
  backend.linear(at::randn({2, 5, 7}), *weight, {});
  CHECK(operations(backend, "linear") == 2.0 * (2 * 5) * (7 * 3));
  backend.linear(at::randn({1, 7}), *weight, {});
  CHECK(operations(backend, "linear", 2) == 2.0 * (2 * 5 + 1) * (7 * 3));
}

TEST_CASE("a gated linear layer counts the half that gates, too") {
  const MeasuredBackend backend = measured();
  const auto weight = backend.prepare_linear(at::randn({12, 8}), {});
  const Tensor result = backend.linear(at::randn({2, 5, 8}), *weight, {Activation::geglu, {}});
  CHECK(result.size(-1) == 6);
  CHECK(operations(backend, "linear, gated") == 2.0 * (2 * 5) * (8 * 12));
}

TEST_CASE("a convolution is two operations for each weight and pixel that comes out, by the size of its kernel") {
  const MeasuredBackend backend = measured();
  const Conv2dShape halving = {2, 1};
  const auto three = backend.prepare_conv2d(at::randn({6, 4, 3, 3}), at::randn({6}), halving);
  const Tensor result = backend.conv2d(at::randn({2, 4, 9, 11}), *three, halving, {});
  CHECK(result.sizes() == at::IntArrayRef({2, 6, 5, 6}));
  CHECK(operations(backend, "conv 3x3") == 2.0 * (4 * 3 * 3) * (2 * 6 * 5 * 6));

  const MeasuredBackend other = measured();
  const auto one = other.prepare_conv2d(at::randn({6, 4, 1, 1}), {}, {});
  other.conv2d(at::randn({1, 4, 9, 11}), *one, {}, {});
  CHECK(operations(other, "conv 1x1") == 2.0 * 4 * (6 * 9 * 11));
}

TEST_CASE("attention is two products of queries, keys and channels, whatever the number of heads") {
  for (const int64_t heads : {1, 2, 4}) {
    const MeasuredBackend cross = measured(), self = measured();
    const Tensor q = at::randn({2, 6, 8}), k = at::randn({2, 3, 8});
    cross.attention(q, k, k, heads, 1, false);
    CHECK(operations(cross, "cross-attention") == 2 * (2.0 * 2 * 6 * 3 * 8));
    self.attention(q, q, q, heads, 1, true);
    CHECK(operations(self, "self-attention") == 2 * (2.0 * 2 * 6 * 6 * 8));
  }
}

TEST_CASE("norms are called and timed, and count no operations") {
  const MeasuredBackend group = measured(), layer = measured();
  group.group_norm(at::randn({2, 4, 3, 3}), 2, at::ones({4}), at::zeros({4}), 1e-5, Activation::silu);
  CHECK(operations(group, "group norm") == 0);
  layer.layer_norm(at::randn({2, 3, 4}), at::ones({4}), at::zeros({4}), 1e-5);
  CHECK(operations(layer, "layer norm") == 0);
}

TEST_CASE("a convolution behind a norm is as many operations as alone, in one call, by the size of its kernel") {
  const MeasuredBackend backend = measured_fused();
  const Conv2dShape halving = {2, 1};
  const auto three = backend.prepare_conv2d(at::randn({6, 4, 3, 3}), at::randn({6}), halving);
  norm_conv2d(backend, at::randn({2, 4, 9, 11}), group_norm_of(4), *three, halving);
  CHECK(operations(backend, "norm, conv 3x3") == 2.0 * (4 * 3 * 3) * (2 * 6 * 5 * 6));

  const MeasuredBackend other = measured_fused();
  const auto one = other.prepare_conv2d(at::randn({6, 4, 1, 1}), {}, {});
  norm_conv2d(other, at::randn({1, 4, 9, 11}), group_norm_of(4), *one, {});
  CHECK(operations(other, "norm, conv 1x1") == 2.0 * 4 * (6 * 9 * 11));
}

TEST_CASE("linear layers behind one norm are one call with the operations of all") {
  const MeasuredBackend backend = measured_fused();
  const auto wide = backend.prepare_linear(at::randn({12, 8}), {}),
             narrow = backend.prepare_linear(at::randn({3, 8}), {});
  norm_linear(backend, at::randn({2, 5, 8}), layer_norm_of(8), {{*wide}, {*narrow}, {*narrow}});
  CHECK(operations(backend, "norm, linear") == 2.0 * (2 * 5) * 8 * (12 + 3 + 3));
}

TEST_CASE("linear layers behind one norm are called gated when one of them is, and the half that gates counts") {
  const MeasuredBackend backend = measured_fused();
  const auto wide = backend.prepare_linear(at::randn({12, 8}), {}),
             narrow = backend.prepare_linear(at::randn({3, 8}), {});
  norm_linear(backend, at::randn({2, 5, 8}), layer_norm_of(8), {{*narrow}, {*wide, {Activation::geglu, {}}}});
  CHECK(operations(backend, "norm, linear, gated") == 2.0 * (2 * 5) * 8 * (3 + 12));
}

TEST_CASE("an upsampling convolution counts what it is on the large map, however it is computed") {
  const MeasuredBackend backend = measured_fused();
  const auto weight = fused_products(backend)->prepare_upsample_conv2d(at::randn({6, 4, 3, 3}), at::randn({6}));
  upsample_conv2d(backend, at::randn({2, 4, 5, 7}), *weight);
  CHECK(operations(backend, "upsampling, conv 3x3") == 2.0 * (4 * 3 * 3) * (2 * 6 * 10 * 14));
}

TEST_CASE("a backend without fused products has none when it is measured, and its single kernels are seen") {
  const MeasuredBackend backend = measured();
  CHECK(fused_products(backend) == nullptr);
  const auto weight = backend.prepare_linear(at::randn({3, 8}), {});
  norm_linear(backend, at::randn({2, 5, 8}), layer_norm_of(8), {{*weight}, {*weight}});
  const LayerAccounts accounts = backend.accounts();
  CHECK(accounts.size() == 2);
  CHECK(accounts.at("layer norm").calls == 1);
  CHECK(accounts.at("linear").calls == 2);
}

TEST_CASE("measured fused products are the inner backend's, of its own weights") {
  const auto inner = std::make_shared<test::FusedBackend>(at::kFloat);
  const MeasuredBackend backend(inner);
  const Tensor x = at::randn({2, 4, 5, 5}), kernel = at::randn({6, 4, 3, 3}), bias = at::randn({6});
  const Conv2dShape shape = {1, 1};
  GroupNorm norm = group_norm_of(4);
  norm.added = at::randn({2, 4});
  const Epilogue epilogue = {Activation::relu, at::randn({2, 6, 5, 5})};
  const auto conv = backend.prepare_conv2d(kernel, bias, shape);
  CHECK(norm_conv2d(backend, x, norm, *conv, shape, epilogue)
            .equal(norm_conv2d(*inner, x, norm, *conv, shape, epilogue)));
  const auto upsampling = fused_products(backend)->prepare_upsample_conv2d(kernel, bias);
  CHECK(upsample_conv2d(backend, x, *upsampling).equal(upsample_conv2d(*inner, x, *upsampling)));
  const LayerNorm layer_norm = layer_norm_of(4);
  const auto linear = backend.prepare_linear(at::randn({6, 4}), bias);
  const std::vector<LinearLayer> layers = {{*linear}, {*linear, {Activation::geglu, {}}}};
  const Tensor tokens = at::randn({2, 3, 4});
  const auto measured_results = norm_linear(backend, tokens, layer_norm, layers);
  const auto inner_results = norm_linear(*inner, tokens, layer_norm, layers);
  REQUIRE(measured_results.size() == 2);
  for (size_t i = 0; i < 2; ++i) CHECK(measured_results[i].equal(inner_results[i]));
}

TEST_CASE("accounts begin anew when they are cleared") {
  MeasuredBackend backend = measured();
  const auto weight = backend.prepare_linear(at::randn({3, 7}), {});
  backend.linear(at::randn({2, 7}), *weight, {});
  backend.clear();
  CHECK(backend.accounts().empty());
  backend.linear(at::randn({1, 7}), *weight, {});
  CHECK(operations(backend, "linear") == 2.0 * 7 * 3);
}

TEST_CASE("the backend inside gets its own weights back, and its results, words and abilities are passed on") {
  const auto inner = std::make_shared<ParticularBackend>();
  const MeasuredBackend backend(inner);
  const Tensor x = at::randn({2, 4, 5, 5}), rows = at::randn({2, 4});
  const Tensor kernel = at::randn({6, 4, 3, 3}), matrix = at::randn({6, 4}), bias = at::randn({6});
  const Conv2dShape shape = {1, 1};
  const Epilogue epilogue = {Activation::silu, at::randn({2, 6, 5, 5})};
  const auto conv = backend.prepare_conv2d(kernel, bias, shape);
  const auto linear = backend.prepare_linear(matrix, bias);
  CHECK(backend.conv2d(x, *conv, shape, epilogue).equal(inner->conv2d(x, *conv, shape, epilogue)));
  CHECK(backend.linear(rows, *linear, {}).equal(inner->linear(rows, *linear, {})));
  const Tensor weight = at::randn({4}), shift = at::randn({4});
  CHECK(backend.group_norm(x, 2, weight, shift, 1e-5, Activation::silu)
            .equal(inner->group_norm(x, 2, weight, shift, 1e-5, Activation::silu)));
  CHECK(backend.layer_norm(rows, weight, shift, 1e-5).equal(inner->layer_norm(rows, weight, shift, 1e-5)));
  const Tensor q = at::randn({2, 3, 4});
  CHECK(backend.attention(q, q, q, 2, 0.5, true).equal(inner->attention(q, q, q, 2, 0.5, true)));
  CHECK(backend.info().device == "particular");
  CHECK(backend.info().total_bytes == 7);
  CHECK(backend.extension(kAbility) == kAbility);
  CHECK(backend.extension("another") == nullptr);
}
