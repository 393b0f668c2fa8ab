// LoRA files that do not fit: what cannot be right is a fault that names the tensor, what is not for this model a
// warning.

#include "tests/loras/lora_formats.h"

using namespace alice;
using namespace alice::test;

namespace {

using Tensors = std::map<std::string, Tensor>;

const std::string kLinear = "lora_unet_mid_block_attentions_0_proj_in";
const std::string kConvolution = "lora_unet_conv_in";

Tensors good() {
  return {{kLinear + ".lora_up.weight", at::ones({6, 2})},
          {kLinear + ".lora_down.weight", at::ones({2, 4})},
          {kLinear + ".alpha", at::scalar_tensor(1.0)},
          {kConvolution + ".lora_up.weight", at::ones({5, 2, 1, 1})},
          {kConvolution + ".lora_down.weight", at::ones({2, 3, 3, 3})}};
}

LoraRecognition read(const Tensors& tensors) {
  return lora_format("kohya")->read(MemoryWeights(tensors), small_model());
}

/// Of the only fault.
std::string fault_of(const Tensors& tensors) {
  const LoraRecognition recognition = read(tensors);
  for (const Fault& fault : recognition.faults) CHECK(fault.place == "memory");
  REQUIRE(recognition.faults.size() == 1);
  return recognition.faults[0].sentence;
}

std::string fault_with(const std::string& name, const Tensor& tensor) {
  Tensors tensors = good();
  tensors[name] = tensor;
  return fault_of(tensors);
}

std::string fault_without(const std::string& name) {
  Tensors tensors = good();
  REQUIRE(tensors.erase(name) == 1);
  return fault_of(tensors);
}

}  // namespace

TEST_CASE("the file that the faults are planted in is good") {
  const LoraRecognition recognition = read(good());
  CHECK(recognition.faults.empty());
  CHECK(recognition.patches.size() == 2);
  CHECK(recognition.description == "kohya, rank 2, 2 modules of unet");
}

TEST_CASE("half of a pair is a fault") {
  CHECK(fault_without(kLinear + ".lora_up.weight") ==
        "tensor '" + kLinear + ".lora_down.weight' has no up half beside it");
  CHECK(fault_without(kLinear + ".lora_down.weight") ==
        "tensor '" + kLinear + ".lora_up.weight' has no down half beside it");
}

TEST_CASE("ranks and shapes that do not fit are faults that say what would") {
  CHECK(fault_with(kLinear + ".lora_up.weight", at::ones({6, 3})) ==
        "tensor '" + kLinear +
            ".lora_up.weight' has shape [6, 3], but a weight of shape [6, 4] and rank 2 need [6, 2, 1, 1]");
  CHECK(says(fault_with(kLinear + ".lora_up.weight", at::ones({7, 2})), "[7, 2]"));
  CHECK(says(fault_with(kLinear + ".lora_down.weight", at::ones({2, 5})), "[2, 5]"));
  CHECK(says(fault_with(kLinear + ".lora_down.weight", at::ones({2})), "[2]"));
  CHECK(says(fault_with(kLinear + ".lora_down.weight", at::ones({2, 4, 3, 3})), "[2, 4, 3, 3]"));
  CHECK(says(fault_with(kConvolution + ".lora_down.weight", at::ones({2, 3, 1, 1})), "[2, 3, 1, 1]"));
  CHECK(says(fault_with(kConvolution + ".lora_up.weight", at::ones({5, 2, 3, 3})), "[5, 2, 3, 3]"));
  CHECK(says(fault_with(kConvolution + ".lora_mid.weight", at::ones({2, 2, 3, 3})), "lora_down"));
}

TEST_CASE("a rank of zero is a fault") {
  Tensors tensors = good();
  tensors[kLinear + ".lora_up.weight"] = at::ones({6, 0});
  tensors[kLinear + ".lora_down.weight"] = at::ones({0, 4});
  CHECK(says(fault_of(tensors), "rank 0"));
}

TEST_CASE("a rank far beyond the weight's sides is a fault, told before any factor is read") {
  const auto with_rank = [](int64_t rank) {
    Tensors tensors = good();
    tensors[kLinear + ".lora_up.weight"] = at::zeros({1, 1}).expand({6, rank});
    tensors[kLinear + ".lora_down.weight"] = at::zeros({1, 1}).expand({rank, 4});
    return read(tensors);
  };
  CHECK(with_rank(256).faults.empty());  // one rank for all modules is usual, however small some are
  for (const int64_t rank : {int64_t{257}, int64_t{12'000'000}, int64_t{1} << 40}) {
    const LoraRecognition recognition = with_rank(rank);
    REQUIRE(recognition.faults.size() == 1);
    CHECK(says(recognition.faults[0].sentence, "has rank " + std::to_string(rank)));
    CHECK(recognition.patches.size() == 1);
  }
}

TEST_CASE("an alpha that is no finite number is a fault") {
  CHECK(
      says(fault_with(kLinear + ".alpha", at::scalar_tensor(std::numeric_limits<double>::quiet_NaN())), "not finite"));
  CHECK(says(fault_with(kLinear + ".alpha", at::scalar_tensor(std::numeric_limits<double>::infinity())), "not finite"));
  CHECK(says(fault_with(kLinear + ".alpha", at::ones({2})), "one number"));
  CHECK(says(fault_with(kLinear + ".alpha", at::ones({0})), "one number"));
}

TEST_CASE("factors of whole numbers are a fault") {
  CHECK(says(fault_with(kLinear + ".lora_up.weight", at::ones({6, 2}, at::kChar)), "I8"));
}

TEST_CASE("modules that the model does not have are passed over, and counted in one warning") {
  Tensors tensors = good();
  for (const char* name :
       {"lora_unet_up_blocks_9_conv", "lora_te_text_model_nothing", "lora_te2_text_model_encoder_layers_0_mlp_fc1"}) {
    tensors[std::string(name) + ".lora_up.weight"] = at::ones({6, 2});
    tensors[std::string(name) + ".lora_down.weight"] = at::ones({2, 4});
  }
  tensors["lora_unet_out_0.alpha"] = at::ones({1});  // of nothing
  const LoraRecognition recognition = read(tensors);
  CHECK(recognition.faults.empty());
  CHECK(recognition.patches.size() == 2);
  REQUIRE(recognition.warnings.size() == 1);
  const std::string& sentence = recognition.warnings[0].sentence;
  CHECK(says(sentence, "4 of its 6 modules are not in this model"));
  CHECK(says(sentence, "'lora_te_text_model_nothing.lora_up.weight'"));
}

TEST_CASE("a LoRA of which nothing fits gives no patches, and says why") {
  const LoraRecognition recognition = read({{"lora_unet_nowhere.lora_up.weight", at::ones({6, 2})},
                                            {"lora_unet_nowhere.lora_down.weight", at::ones({2, 4})}});
  CHECK(recognition.patches.empty());
  REQUIRE(recognition.warnings.size() == 1);
  CHECK(says(recognition.warnings[0].sentence, "1 of its 1 modules"));
}

TEST_CASE("embeddings that are bundled with a LoRA are no changes of weights, and nothing is wrong about them") {
  Tensors tensors = good();
  tensors["bundle_emb.mine.emb_params"] = at::ones({2, 768});
  tensors["bundle_emb.other.string_to_param.*"] = at::ones({2, 768});
  const LoraRecognition recognition = read(tensors);
  CHECK(recognition.faults.empty());
  CHECK(recognition.patches.size() == 2);
  CHECK(recognition.warnings.empty());  // words() tells of them
}

TEST_CASE("a module that is changed twice is a fault") {
  Tensors tensors = good();
  tensors["lora_unet_middle_block_1_proj_in.lora_up.weight"] = at::ones({6, 2});
  tensors["lora_unet_middle_block_1_proj_in.lora_down.weight"] = at::ones({2, 4});
  CHECK(says(fault_of(tensors), "changes the same module as"));
}

TEST_CASE("two tensors that mean the same are a fault") {
  const Tensors tensors = {{"unet.conv_in.lora_A.weight", at::ones({2, 3, 3, 3})},
                           {"unet.conv_in.lora_A.default.weight", at::ones({2, 3, 3, 3})},
                           {"unet.conv_in.lora_B.weight", at::ones({5, 2, 1, 1})}};
  const LoraRecognition recognition = lora_format("peft")->read(MemoryWeights(tensors), small_model());
  REQUIRE(recognition.faults.size() == 1);
  CHECK(says(recognition.faults[0].sentence, "means the same as"));
}

TEST_CASE("methods that are not built are faults that name them") {
  const std::pair<const char*, const char*> methods[] = {{"oft_diag", "oft_diag"}, {"boft_blocks", "BOFT"},
                                                         {"a1.weight", "GLoRA"},   {"scalar", "scalar"},
                                                         {"lora_up.bias", "bias"}, {"bias_indices", "sparse bias"}};
  for (const auto& [ending, method] : methods) {
    INFO(ending);
    const std::string name = kLinear + "." + ending;
    const std::string sentence = fault_with(name, at::ones({6}));
    CHECK(says(sentence, "'" + name + "'"));
    CHECK(says(sentence, method));
  }
}

TEST_CASE("names that mean nothing are passed over with a warning") {
  for (const char* name : {"lora_unet_conv_in.lora_sideways.weight", "lora_unet_conv_in", "notes",
                           "lora_unet_conv_in.lora_up.weight.more", "text_model.final_layer_norm.bias"}) {
    INFO(name);
    Tensors tensors = good();
    tensors[name] = at::ones({1});
    const LoraRecognition recognition = read(tensors);
    CHECK(recognition.faults.empty());
    CHECK(recognition.patches.size() == 2);
    REQUIRE(recognition.warnings.size() == 1);
    CHECK(says(recognition.warnings[0].sentence, "1 of its tensors"));
    CHECK(says(recognition.warnings[0].sentence, std::string("'") + name + "'"));
  }
}
