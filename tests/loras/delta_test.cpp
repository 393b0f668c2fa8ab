// What a patch makes of a weight, against the sums written out in float64.

#include "tests/loras/lora_formats.h"

using namespace alice;
using namespace alice::test;

namespace {

const std::string kLinear = "lora_unet_mid_block_attentions_0_proj_in";
const std::string kConvolution = "lora_unet_conv_in";

/// Different numbers of both signs, none of them round.
Tensor numbers(std::vector<int64_t> shape, double start) {
  int64_t count = 1;
  for (const int64_t side : shape) count *= side;
  return at::sin(at::arange(count, at::kDouble).add(start)).reshape(shape).to(at::kFloat);
}

double at_index(const Tensor& t, std::initializer_list<int64_t> index) {
  Tensor value = t;
  for (const int64_t i : index) value = value[i];
  return value.item<double>();
}

/// Reads a file of one module and gives its change.
Tensor change(const std::map<std::string, Tensor>& tensors, const std::vector<int64_t>& shape) {
  const MemoryWeights file(tensors);
  const auto format = lora_format("kohya");
  const LoraRecognition recognition = format->read(file, small_model());
  for (const Fault& fault : recognition.faults) FAIL_CHECK(fault.sentence);
  REQUIRE(recognition.patches.size() == 1);
  const Tensor delta = format->change(file, recognition.patches[0], at::zeros(shape));
  REQUIRE(delta.sizes().vec() == shape);
  return delta;
}

}  // namespace

TEST_CASE("a linear layer changes by alpha / rank times up times down, whatever shape the factors are stored in") {
  const Tensor up = numbers({6, 2}, 1), down = numbers({2, 4}, 2);
  const double alpha = 0.5;
  for (const bool as_convolution : {false, true}) {
    const Tensor delta = change({{kLinear + ".lora_up.weight", as_convolution ? up.reshape({6, 2, 1, 1}) : up},
                                 {kLinear + ".lora_down.weight", as_convolution ? down.reshape({2, 4, 1, 1}) : down},
                                 {kLinear + ".alpha", at::scalar_tensor(alpha)}},
                                {6, 4});
    for (int64_t o = 0; o < 6; ++o)
      for (int64_t i = 0; i < 4; ++i) {
        double sum = 0;
        for (int64_t r = 0; r < 2; ++r) sum += at_index(up, {o, r}) * at_index(down, {r, i});
        CHECK(at_index(delta, {o, i}) == Approx(sum * alpha / 2).epsilon(1e-6));
      }
  }
}

TEST_CASE("a convolution changes by a narrow convolution and a 1x1 one behind it") {
  const Tensor up = numbers({5, 2, 1, 1}, 1), down = numbers({2, 3, 3, 3}, 2);
  const Tensor delta =
      change({{kConvolution + ".lora_up.weight", up}, {kConvolution + ".lora_down.weight", down}}, {5, 3, 3, 3});
  // Convolving with the change is convolving with down, then with up.
  const Tensor picture = numbers({1, 3, 7, 6}, 3).to(at::kDouble);
  const Tensor once = at::conv2d(picture, delta.to(at::kDouble), {}, 1, 1);
  const Tensor twice = at::conv2d(at::conv2d(picture, down.to(at::kDouble), {}, 1, 1), up.to(at::kDouble));
  CHECK((once - twice).abs().max().item<double>() < 1e-5);
}

TEST_CASE("the Tucker form puts the kernel between the halves") {
  const Tensor up = numbers({5, 2, 1, 1}, 1), down = numbers({2, 3, 1, 1}, 2), mid = numbers({2, 2, 3, 3}, 3);
  const Tensor delta = change({{kConvolution + ".lora_up.weight", up},
                               {kConvolution + ".lora_down.weight", down},
                               {kConvolution + ".lora_mid.weight", mid},
                               {kConvolution + ".alpha", at::full({1}, 1.0)}},
                              {5, 3, 3, 3});
  const Tensor picture = numbers({1, 3, 7, 6}, 4).to(at::kDouble);
  const Tensor once = at::conv2d(picture, delta.to(at::kDouble), {}, 1, 1);
  const Tensor narrow = at::conv2d(at::conv2d(picture, down.to(at::kDouble)), mid.to(at::kDouble), {}, 1, 1);
  const Tensor twice = at::conv2d(narrow, up.to(at::kDouble)) / 2;
  CHECK((once - twice).abs().max().item<double>() < 1e-5);
}

TEST_CASE("alpha is read from every dtype and every shape of one number") {
  for (const auto type : {at::kHalf, at::kBFloat16, at::kFloat, at::kDouble, at::kLong, at::kInt, at::kByte})
    for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{{}, {1}, {1, 1}}) {
      const Tensor alpha = at::full(shape, 4.0, at::TensorOptions(type));
      const MemoryWeights file({{kLinear + ".lora_up.weight", at::ones({6, 2})},
                                {kLinear + ".lora_down.weight", at::ones({2, 4})},
                                {kLinear + ".alpha", alpha}});
      const LoraRecognition recognition = lora_format("kohya")->read(file, small_model());
      REQUIRE(recognition.patches.size() == 1);
      CHECK(recognition.patches[0].scale == 2);
    }
}

TEST_CASE("half-precision factors are multiplied in float32") {
  const Tensor up = numbers({6, 2}, 1).to(at::kHalf), down = numbers({2, 4}, 2).to(at::kBFloat16);
  const Tensor delta = change({{kLinear + ".lora_up.weight", up}, {kLinear + ".lora_down.weight", down}}, {6, 4});
  const Tensor expected = up.to(at::kDouble).matmul(down.to(at::kDouble));
  CHECK((delta.to(at::kDouble) - expected).abs().max().item<double>() < 1e-6);
}

TEST_CASE("a change that is not finite, or of another shape, is an error that names the tensors") {
  const MemoryWeights file({{"up", at::full({6, 2}, std::numeric_limits<double>::quiet_NaN(), at::kFloat)},
                            {"huge", at::full({6, 2}, 3e38, at::kFloat)},
                            {"down", at::full({2, 4}, 10.0, at::kFloat)},
                            {"good", at::ones({6, 2})},
                            {"flat", at::ones({4})},
                            {"mid", at::ones({2, 2, 3, 3})}});
  const auto format = lora_format("kohya");
  const auto error = [&](std::map<std::string, std::string> tensors, const std::vector<int64_t>& shape,
                         ErrorCode code = ErrorCode::bad_weights) {
    const Error thrown = error_of([&] { format->change(file, {0, std::move(tensors), 1}, at::zeros(shape)); });
    CHECK(thrown.code() == code);
    return thrown.sentence();
  };
  CHECK(says(error({{"up", "up"}, {"down", "down"}}, {6, 4}), "not finite"));
  CHECK(says(error({{"up", "huge"}, {"down", "down"}}, {6, 4}), "'huge'"));
  CHECK(says(error({{"up", "good"}, {"down", "down"}}, {4, 6}), "[4, 6]"));
  CHECK(says(error({{"up", "good"}, {"down", "down"}}, {6, 5}), "'down'"));
  CHECK(says(error({{"up", "down"}, {"down", "good"}}, {6, 4}), "no change"));
  CHECK(says(error({{"up", "good"}, {"down", "flat"}}, {6, 4}), "'flat'"));
  CHECK(says(error({{"up", "good"}, {"down", "down"}, {"mid", "mid"}}, {6, 4}), "no change"));
  CHECK(says(error({{"up", "good"}, {"down", "down"}, {"mid", "mid"}}, {6, 4, 1, 1}), "no change"));
  CHECK(says(error({{"up", "good"}}, {6, 4}, ErrorCode::internal), "names no tensor 'down'"));
}
