#include "core/host/lora_set.h"

#include <thread>

#include "tests/host/models.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

std::string golden_lora(const std::string& name) {
  return std::string(ALICE_TEST_DATA) + "/goldens/lora/" + name + ".safetensors";
}

GenerateRequest with_loras(std::vector<LoraUse> loras) {
  GenerateRequest request = small_request(kFolderModel);
  request.loras = std::move(loras);
  return request;
}

}  // namespace

TEST_CASE("the model without LoRAs stays bit-identical while other requests use them") {
  Composer composer(golden_models(), built_in_registry());
  const Tensor before = pictures(composer, small_request(kFolderModel)).at(0);
  std::vector<std::thread> others;
  for (const char* name : {"kohya_linear", "kohya_locon", "peft"})
    others.emplace_back([&composer, name] {
      for (int i = 0; i < 3; ++i) pictures(composer, with_loras({{golden_lora(name), 0.3 + i}}), true);
    });
  std::vector<Tensor> during;
  for (int i = 0; i < 3; ++i) during.push_back(pictures(composer, small_request(kFolderModel)).at(0));
  for (std::thread& other : others) other.join();
  for (const Tensor& picture : during) CHECK(picture.equal(before));
  CHECK(pictures(composer, small_request(kFolderModel)).at(0).equal(before));
}

TEST_CASE("every golden LoRA changes the picture, and strength 0 does not") {
  Composer composer(golden_models(), built_in_registry());
  const Tensor plain = pictures(composer, small_request(kFolderModel)).at(0);
  for (const char* name : {"kohya_linear", "kohya_locon", "kohya_noalpha", "peft", "diffusers_old"}) {
    INFO(name);
    CHECK_FALSE(pictures(composer, with_loras({{golden_lora(name), 1}}), true).at(0).equal(plain));
    CHECK(pictures(composer, with_loras({{golden_lora(name), 0}}), true).at(0).equal(plain));
  }
}

TEST_CASE("several LoRAs add up") {
  Composer composer(golden_models(), built_in_registry());
  const auto plain = composer.compose(kFolderModel, false);
  const auto weight = [](const Pipeline& pipeline) {
    return pipeline.unet->weights().linear("mid_block.attentions.0.transformer_blocks.0.attn1.to_q")->weight();
  };
  const auto with = [&](std::vector<std::pair<std::filesystem::path, double>> files) {
    return weight(*apply_loras(*built_in_registry(), *plain, files));
  };
  const Tensor first = with({{golden_lora("kohya_linear"), 0.5}}) - weight(*plain);
  const Tensor second = with({{golden_lora("peft"), -2}}) - weight(*plain);
  const Tensor both = with({{golden_lora("kohya_linear"), 0.5}, {golden_lora("peft"), -2}}) - weight(*plain);
  CHECK(first.abs().max().item<float>() > 0);
  CHECK(second.abs().max().item<float>() > 0);
  CHECK((both - first - second).abs().max().item<float>() < 1e-6f);
}

TEST_CASE("a LoRA shares every weight that it does not touch") {
  Composer composer(golden_models(), built_in_registry());
  const auto plain = composer.compose(kFolderModel, false);
  const auto patched =
      apply_loras(*built_in_registry(), *plain, {{golden_lora("kohya_noalpha"), 1}});  // touches up_blocks only
  const std::string untouched = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
  CHECK(plain->unet->weights().linear(untouched) == patched->unet->weights().linear(untouched));
  CHECK(plain->text_encoder == patched->text_encoder);
}

TEST_CASE("a LoRA is named in the prompt or in a field, from the loras folder") {
  const TempFolder folder;
  std::filesystem::create_directories(folder / "loras");
  std::filesystem::copy(golden_lora("peft"), folder / "loras/style.safetensors");
  HostConfig config;
  config.models_directory = folder.path();
  config.models[kFolderModel] = find_model(golden_models(), kFolderModel, false, "");
  Composer composer(config, built_in_registry());

  GenerateRequest tagged = small_request(kFolderModel);
  tagged.prompt += " <lora:style:0.8>";
  const Tensor by_tag = pictures(composer, tagged).at(0);
  CHECK(by_tag.equal(pictures(composer, with_loras({{"style", 0.8}})).at(0)));
  CHECK(by_tag.equal(pictures(composer, with_loras({{"lora/style", 0.8}})).at(0)));

  std::filesystem::create_directories(folder / "loras/deep");
  std::filesystem::copy(golden_lora("kohya_linear"), folder / "loras/deep/LOUD .SAFETENSORS");
  const Tensor loud = pictures(composer, with_loras({{golden_lora("kohya_linear"), 1}}), true).at(0);
  for (const char* name : {"deep/LOUD ", "LOUD ", "LOUD", "lora/deep/LOUD "})
    CHECK(loud.equal(pictures(composer, with_loras({{name, 1}})).at(0)));
  CHECK(composer.loras().names() == std::vector<std::string>{"deep/LOUD ", "style"});

  const Error absent = error_of([&] { pictures(composer, with_loras({{"styel", 1}})); });
  CHECK(absent.code() == ErrorCode::not_found);
  CHECK(says(absent.sentence(), "did you mean 'style'"));
  for (const std::string& path : {golden_lora("peft"), std::string("../loras/style"), std::string("lora/../../style")})
    CHECK(error_of([&] { pictures(composer, with_loras({{path, 1}})); }).code() == ErrorCode::not_found);
}
