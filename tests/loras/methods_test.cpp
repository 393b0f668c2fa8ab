// Methods beside plain factors: what each makes of a weight, by its formula written out in float64, and files that do
// not fit it. The formulas: Yeh et al. 2023 and LyCORIS' documentation; Liu et al. 2024 (DoRA) and 2022 (IA3); Qiu et
// al. 2023 (OFT).

#include "tests/loras/lora_formats.h"

using namespace alice;
using namespace alice::test;

namespace {

using Tensors = std::map<std::string, Tensor>;
using Shape = std::vector<int64_t>;

const std::string kLinear = "lora_unet_mid_block_attentions_0_proj_in.";  // [6, 4]
const std::string kConvolution = "lora_unet_conv_in.";                    // [5, 3, 3, 3]

/// Different numbers of both signs, none of them round.
Tensor numbers(const Shape& shape, double start) {
  int64_t count = 1;
  for (const int64_t side : shape) count *= side;
  return at::sin(at::arange(count, at::kDouble).add(start)).reshape(shape).to(at::kFloat);
}

Tensor exact(const Tensor& t) { return t.to(at::kDouble); }

Tensors under(const std::string& module, const Tensors& roles) {
  Tensors tensors;
  for (const auto& [role, tensor] : roles) tensors[module + role] = tensor;
  return tensors;
}

/// The change of the only patch of a file, in float64.
Tensor change(const Tensors& tensors, const Tensor& weight, const std::string& id = "kohya") {
  const MemoryWeights file(tensors);
  const auto format = lora_format(id);
  const LoraRecognition recognition = format->read(file, small_model());
  for (const Fault& fault : recognition.faults) FAIL_CHECK(fault.sentence);
  REQUIRE(recognition.patches.size() == 1);
  const Tensor delta = format->change(file, recognition.patches[0], weight);
  REQUIRE(delta.sizes() == weight.sizes());
  CHECK(delta.scalar_type() == at::kFloat);
  return exact(delta);
}

double distance(const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<double>(); }

std::string fault_of(const Tensors& tensors) {
  const LoraRecognition recognition = lora_format("kohya")->read(MemoryWeights(tensors), small_model());
  REQUIRE(recognition.faults.size() == 1);
  return recognition.faults[0].sentence;
}

Tensors loha(int64_t rank) {
  return {{"hada_w1_a", numbers({6, rank}, 1)}, {"hada_w1_b", numbers({rank, 4}, 2)},
          {"hada_w2_a", numbers({6, rank}, 3)}, {"hada_w2_b", numbers({rank, 4}, 4)},
          {"alpha", at::scalar_tensor(1.5)}};
}

/// W[o1 O + o2, i1 I + i2, y, x] = first[o1, i1] second[o2, i2, y, x], number by number.
Tensor kronecker(const Tensor& first, const Tensor& second) {
  const Shape shape = {first.size(0) * second.size(0), first.size(1) * second.size(1), second.size(2), second.size(3)};
  Tensor out = at::zeros(shape, at::kDouble);
  for (int64_t o = 0; o < shape[0]; ++o)
    for (int64_t i = 0; i < shape[1]; ++i)
      out[o][i] = first[o / second.size(0)][i / second.size(1)] * second[o % second.size(0)][i % second.size(1)];
  return out;
}

}  // namespace

TEST_CASE("LoHa is the product of two products, element by element") {
  const Tensors roles = loha(2);
  const auto product = [&](const char* a, const char* b) { return exact(roles.at(a)).matmul(exact(roles.at(b))); };
  const Tensor wanted = product("hada_w1_a", "hada_w1_b") * product("hada_w2_a", "hada_w2_b") * (1.5 / 2);
  CHECK(distance(change(under(kLinear, roles), at::zeros({6, 4})), wanted) < 1e-6);
}

TEST_CASE("LoHa of a convolution has pixels among its columns, or cores in Tucker's form") {
  const Tensors flat = {{"hada_w1_a", numbers({5, 2}, 1)}, {"hada_w1_b", numbers({2, 27}, 2)},
                        {"hada_w2_a", numbers({5, 2}, 3)}, {"hada_w2_b", numbers({2, 27}, 4)}};
  const auto half = [](const Tensors& roles, const std::string& n) {
    return exact(roles.at("hada_w" + n + "_a")).matmul(exact(roles.at("hada_w" + n + "_b")));
  };
  const Tensor weight = at::zeros({5, 3, 3, 3});
  CHECK(distance(change(under(kConvolution, flat), weight), (half(flat, "1") * half(flat, "2")).reshape({5, 3, 3, 3})) <
        1e-6);

  const Tensors tucker = {{"hada_w1_a", numbers({2, 5}, 1)},    {"hada_w1_b", numbers({2, 3}, 2)},
                          {"hada_w2_a", numbers({2, 5}, 3)},    {"hada_w2_b", numbers({2, 3}, 4)},
                          {"hada_t1", numbers({2, 2, 3, 3}, 5)}, {"hada_t2", numbers({2, 2, 3, 3}, 6)}};
  const auto core = [&](const std::string& n) {
    return at::einsum("ijkl,jr,ip->prkl", {exact(tucker.at("hada_t" + n)), exact(tucker.at("hada_w" + n + "_b")),
                                           exact(tucker.at("hada_w" + n + "_a"))});
  };
  CHECK(distance(change(under(kConvolution, tucker), weight), core("1") * core("2")) < 1e-5);
}

TEST_CASE("LoKr is a Kronecker product; alpha counts where a factor is a product") {
  const Tensor first = numbers({2, 2}, 1), second = numbers({3, 2}, 2), weight = at::zeros({6, 4});
  const Tensor whole = kronecker(exact(first), exact(second).reshape({3, 2, 1, 1})).reshape({6, 4});
  CHECK(distance(change(under(kLinear, {{"lokr_w1", first}, {"lokr_w2", second}, {"alpha", at::scalar_tensor(9.0)}}),
                        weight), whole) < 1e-6);

  const Tensor a = numbers({3, 1}, 3), b = numbers({1, 2}, 4), c = numbers({2, 3}, 5), d = numbers({3, 2}, 6);
  const Tensor of_second = kronecker(exact(first), exact(a).matmul(exact(b)).reshape({3, 2, 1, 1})).reshape({6, 4});
  CHECK(distance(change(under(kLinear, {{"lokr_w1", first}, {"lokr_w2_a", a}, {"lokr_w2_b", b},
                                        {"alpha", at::scalar_tensor(3.0)}}),
                        weight), of_second * 3) < 1e-6);
  const Tensor of_both =
      kronecker(exact(c).matmul(exact(d)), exact(a).matmul(exact(b)).reshape({3, 2, 1, 1})).reshape({6, 4});
  CHECK(distance(change(under(kLinear, {{"lokr_w1_a", c}, {"lokr_w1_b", d}, {"lokr_w2_a", a}, {"lokr_w2_b", b},
                                        {"alpha", at::scalar_tensor(3.0)}}),
                        weight), of_both * 3) < 1e-5);
}

TEST_CASE("LoKr of a convolution has its pixels in the second matrix") {
  const Tensor first = numbers({5, 1}, 1), weight = at::zeros({5, 3, 3, 3});
  const Tensor second = numbers({1, 3, 3, 3}, 2);
  CHECK(distance(change(under(kConvolution, {{"lokr_w1", first}, {"lokr_w2", second}}), weight),
                 kronecker(exact(first), exact(second))) < 1e-6);
  const Tensor core = numbers({2, 2, 3, 3}, 3), a = numbers({2, 1}, 4), b = numbers({2, 3}, 5);
  const Tensor tucker = at::einsum("ijkl,jr,ip->prkl", {exact(core), exact(b), exact(a)});
  CHECK(distance(change(under(kConvolution, {{"lokr_w1", first}, {"lokr_t2", core}, {"lokr_w2_a", a}, {"lokr_w2_b", b},
                                             {"alpha", at::scalar_tensor(1.0)}}),
                        weight), kronecker(exact(first), tucker) / 2) < 1e-6);
}

TEST_CASE("DoRA keeps the directions of weight and change together, and gives their rows or columns its lengths") {
  const Tensor up = numbers({6, 2}, 1), down = numbers({2, 4}, 2), weight = numbers({6, 4}, 3);
  const Tensor sum = exact(weight) + exact(up).matmul(exact(down));
  const auto check = [&](const Tensors& tensors, const Tensor& lengths, int64_t over, const char* id) {
    const Tensor result = exact(weight) + change(tensors, weight, id);
    CHECK(distance(result.norm(2, {over}, true), exact(lengths)) < 1e-5);
    CHECK(distance(result / result.norm(2, {over}, true), sum / sum.norm(2, {over}, true)) < 1e-5);
  };
  const Tensors factors = {{"lora_up.weight", up}, {"lora_down.weight", down}};
  for (const bool is_of_rows : {true, false}) {
    Tensors roles = factors;
    const Tensor lengths = numbers(is_of_rows ? Shape{6, 1} : Shape{1, 4}, 4).abs();
    roles["dora_scale"] = lengths;
    check(under(kLinear, roles), lengths, is_of_rows ? 1 : 0, "kohya");
  }
  const Tensor lengths = numbers({6}, 5).abs();
  const std::string module = "unet.mid_block.attentions.0.proj_in.";
  check({{module + "lora_A.weight", down}, {module + "lora_B.weight", up}, {module + "lora_magnitude_vector", lengths}},
        lengths.reshape({6, 1}), 1, "peft");
}

TEST_CASE("DoRA stands beside LoHa and LoKr too") {
  Tensors roles = loha(2);
  const Tensor weight = numbers({6, 4}, 7), lengths = numbers({6, 1}, 8).abs();
  const Tensor sum = exact(weight) + change(under(kLinear, roles), weight);
  roles["dora_scale"] = lengths;
  CHECK(distance(exact(weight) + change(under(kLinear, roles), weight), sum * exact(lengths) / sum.norm(2, {1}, true)) <
        1e-5);
}

TEST_CASE("IA3 makes rows or columns longer by a share") {
  const Tensor weight = numbers({6, 4}, 1), rows = numbers({6}, 2), columns = numbers({4}, 3);
  CHECK(distance(change(under(kLinear, {{"weight", rows}, {"on_input", at::zeros({}, at::kLong)}}), weight),
                 exact(weight) * exact(rows).reshape({6, 1})) < 1e-6);
  CHECK(distance(change(under(kLinear, {{"weight", columns}, {"on_input", at::ones({}, at::kLong)}}), weight),
                 exact(weight) * exact(columns).reshape({1, 4})) < 1e-6);
  const Tensor convolution = numbers({5, 3, 3, 3}, 5), shares = numbers({1, 5, 1, 1}, 4);
  const Tensors of_rows = {{"weight", shares}, {"on_input", at::zeros({1}, at::kBool)}};
  CHECK(distance(change(under(kConvolution, of_rows), convolution),
                 exact(convolution) * exact(shares).reshape({5, 1, 1, 1})) < 1e-6);
}

TEST_CASE("differences are added to weights, biases and norms; a bias is a patch of its own") {
  const Tensor difference = numbers({6, 4}, 1), of_bias = numbers({6}, 2);
  const MemoryWeights file(under(kLinear, {{"diff", difference}, {"diff_b", of_bias}}));
  const auto format = lora_format("kohya");
  const LoraRecognition recognition = format->read(file, small_model());
  CHECK(recognition.faults.empty());
  REQUIRE(recognition.patches.size() == 2);
  CHECK(recognition.description == "kohya, differences, 2 modules of unet");
  for (const LoraPatch& patch : recognition.patches) {
    const bool is_bias = small_model()[patch.target].parameter == "mid_block.attentions.0.proj_in.bias";
    const Tensor wanted = is_bias ? of_bias : difference;
    CHECK(format->change(file, patch, at::zeros(wanted.sizes())).equal(wanted));
  }
  const Tensor of_norm = numbers({5}, 3);
  CHECK(distance(change({{"lora_unet_conv_norm_out.w_norm", of_norm}}, at::ones({5})), exact(of_norm)) == 0);
}

TEST_CASE("OFT turns rows within their blocks, and keeps what they are to one another") {
  const Tensor weight = numbers({6, 4}, 1), blocks = numbers({2, 3, 3}, 2);
  const Tensor turned = exact(weight) + change(under(kLinear, {{"oft_blocks", blocks}}), weight);
  CHECK(distance(turned, exact(weight)) > 0.1);
  for (int64_t block = 0; block < 2; ++block) {
    const Tensor before = exact(weight).narrow(0, 3 * block, 3), after = turned.narrow(0, 3 * block, 3);
    CHECK(distance(after.t().matmul(after), before.t().matmul(before)) < 1e-5);
    // Cayley: W' = R^T W with R = (1 + Q)(1 - Q)^-1 is the same as (1 + Q) W' = (1 - Q) W.
    const Tensor q = exact(blocks[block]) - exact(blocks[block]).t(), one = at::eye(3, at::kDouble);
    CHECK(distance((one + q).matmul(after), (one - q).matmul(before)) < 1e-5);
  }
  const Tensor rescale = numbers({6, 1}, 3);
  CHECK(distance(exact(weight) + change(under(kLinear, {{"oft_blocks", blocks}, {"rescale", rescale}}), weight),
                 turned * exact(rescale)) < 1e-5);
}

TEST_CASE("OFT's alpha times the rows is the most that its Q may be long") {
  const Tensor weight = numbers({6, 4}, 1), blocks = numbers({2, 3, 3}, 2);
  const Tensor q = exact(blocks) - exact(blocks).transpose(1, 2);
  const double length = q.norm().item<double>(), limit = length / 10;
  const Tensor limited =
      change(under(kLinear, {{"oft_blocks", blocks}, {"alpha", at::scalar_tensor(limit / 6)}}), weight);
  CHECK(distance(limited, change(under(kLinear, {{"oft_blocks", blocks / 10}}), weight)) < 1e-6);
}

TEST_CASE("what does not fit its method is a fault that names the tensor and says what would") {
  const auto with = [](Tensors roles, const std::string& role, const Tensor& tensor) {
    roles[role] = tensor;
    return fault_of(under(kLinear, roles));
  };
  CHECK(says(with(loha(2), "hada_w2_a", at::ones({5, 2})),
             "hada_w2_a' has shape [5, 2], but a weight of shape [6, 4]"));
  Tensors half = loha(2);
  half.erase("hada_w2_b");
  CHECK(says(fault_of(under(kLinear, half)), "has no hada_w2_b beside it"));
  CHECK(says(fault_of(under(kLinear, {{"lokr_w1", at::ones({2, 2})}, {"lokr_w2", at::ones({3, 3})}})),
             "makes, with the first matrix, a change of shape [6, 6]"));
  CHECK(says(fault_of(under(kLinear, {{"lokr_w1", at::ones({2, 2})}, {"lokr_w2_a", at::ones({3, 2})}})),
             "has no lokr_w2_b beside it"));
  CHECK(says(fault_of(under(kLinear, {{"dora_scale", at::ones({6, 1})}})), "gives magnitudes (DoRA)"));
  CHECK(says(with(loha(2), "dora_scale", at::ones({5, 1})), "needs 6 magnitudes"));
  CHECK(says(with(loha(2), "lora_up.weight", at::ones({6, 2})), "stands beside tensors of another method"));
  CHECK(says(fault_of(under(kLinear, {{"diff", at::ones({6, 5})}})), "needs [6, 4]"));
  CHECK(says(fault_of(under(kLinear, {{"weight", at::ones({5})}, {"on_input", at::zeros({})}})), "needs 6 numbers"));
  CHECK(says(fault_of(under(kLinear, {{"on_input", at::zeros({})}})), "has no weight beside it"));
  CHECK(says(fault_of(under(kLinear, {{"oft_blocks", at::ones({2, 2, 2})}})), "n m = 6"));
  CHECK(says(fault_of(under(kLinear, {{"oft_blocks", at::ones({2, 2, 3, 3})}})), "BOFT"));
  CHECK(says(fault_of(under(kLinear, {{"diff", at::ones({6, 4})}, {"dora_scale", at::ones({6, 1})}})),
             "belongs to DoRA of differences, which is not supported"));
}

TEST_CASE("a change that is not finite is an error that names the file") {
  Tensors roles = loha(2);
  roles["hada_w1_a"].view(-1)[0] = std::numeric_limits<float>::infinity();
  const MemoryWeights file(under(kLinear, roles));
  const auto format = lora_format("kohya");
  const LoraRecognition recognition = format->read(file, small_model());
  REQUIRE(recognition.patches.size() == 1);
  const Error error = error_of([&] { format->change(file, recognition.patches[0], at::zeros({6, 4})); });
  CHECK(error.code() == ErrorCode::bad_weights);
  CHECK(says(error.what(), "not finite"));
}
