#include "core/host/lora_set.h"

#include <algorithm>
#include <thread>
#include <tuple>

#include "core/host/memory_watch.h"
#include "core/io/safetensors_file.h"
#include "core/io/safetensors_writer.h"
#include "tests/host/models.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

std::string golden_lora(const std::string& name) {
  return std::string(ALICE_TEST_DATA) + "/goldens/lora/" + name + ".safetensors";
}

LoraFile golden_file(const std::string& name, double strength) { return {name, golden_lora(name), strength, strength}; }

GenerateRequest with_loras(std::vector<LoraUse> loras) {
  GenerateRequest request = small_request(kFolderModel);
  request.loras = std::move(loras);
  return request;
}

/// The golden LoRA of both networks, with more in it, as a file of its own.
struct ChangedLora {
  TempFolder folder;
  LoraFile file;

  template <class Change>
  explicit ChangedLora(Change change) {
    const auto golden = SafetensorsFile::open(golden_lora("kohya_linear"));
    std::map<std::string, Tensor> tensors;
    for (const auto& tensor : golden->index().tensors) tensors[tensor.first] = golden->tensor(tensor.first);
    change(tensors);
    write_safetensors(folder / "changed.safetensors", tensors);
    file = {"changed", folder / "changed.safetensors", 1, 1};
  }
};

/// Ones of rank 1 for a weight: down and up.
std::pair<Tensor, Tensor> factors_for(const std::vector<int64_t>& weight) {
  std::vector<int64_t> down = weight, up = {weight.at(0), 1};
  down[0] = 1;
  if (down.size() == 4) up.insert(up.end(), {1, 1});
  return {at::ones(down), at::ones(up)};
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
  const auto weight = [](const Model& model) {
    return model.unet->weights().linear("mid_block.attentions.0.transformer_blocks.0.attn1.to_q")->weight();
  };
  const auto with = [&](const std::vector<LoraFile>& files) {
    return weight(*apply_loras(*built_in_registry(), *plain, files));
  };
  const Tensor first = with({golden_file("kohya_linear", 0.5)}) - weight(*plain);
  const Tensor second = with({golden_file("peft", -2)}) - weight(*plain);
  const Tensor both = with({golden_file("kohya_linear", 0.5), golden_file("peft", -2)}) - weight(*plain);
  CHECK(first.abs().max().item<float>() > 0);
  CHECK(second.abs().max().item<float>() > 0);
  CHECK((both - first - second).abs().max().item<float>() < 1e-6f);
}

TEST_CASE("LoRAs are added in float32, each with its strength, in their order, and then to the weight") {
  Composer composer(golden_models(), built_in_registry());
  const auto plain = composer.compose(kFolderModel, false);
  const std::vector<LoraTarget> targets = lora_targets(*plain);
  const std::string module = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
  const Tensor weight = plain->unet->weights().linear(module)->weight();
  const auto change = [&](const std::string& name, const std::string& format) {
    const auto file = SafetensorsFile::open(golden_lora(name));
    const auto known = built_in_registry()->of<LoraFormatFactory>().find(format).factory->create({});
    for (const LoraPatch& patch : known->read(*file, targets).patches)
      if (targets[patch.target].parameter == module + ".weight") return known->change(*file, patch, weight);
    throw std::logic_error("the golden LoRA does not change " + module);
  };
  const auto patched =
      apply_loras(*built_in_registry(), *plain, {golden_file("kohya_linear", 0.7), golden_file("peft", -1.9)});
  CHECK(at::equal(patched->unet->weights().linear(module)->weight(),
                  weight + (change("kohya_linear", "kohya") * 0.7 + change("peft", "peft") * -1.9)));
}

TEST_CASE("of a LoRA of every weight, one change at a time is in memory") {
  Composer composer(golden_models(), built_in_registry());
  const auto plain = composer.compose(kFolderModel, false);
  std::map<std::string, Tensor> factors;
  int64_t all = 0, largest = 0, kept = 0;  // bytes in float32, as the backend keeps what it prepares
  for (const LoraTarget& target : lora_targets(*plain)) {
    if (target.part != "unet") continue;
    const auto bytes = static_cast<int64_t>(at::zeros(target.shape).nbytes());
    kept += bytes;  // biases are prepared with their weights
    if (target.shape.size() == 1) continue;
    all += bytes;
    largest = std::max(largest, bytes);
    const std::string module = "unet." + target.parameter.substr(0, target.parameter.rfind(".weight"));
    std::tie(factors[module + ".lora_A.weight"], factors[module + ".lora_B.weight"]) = factors_for(target.shape);
  }
  REQUIRE(all > 20 * largest);
  const TempFolder folder;
  write_safetensors(folder / "all.safetensors", factors);

  const MemoryWatch memory;
  const auto patched = apply_loras(*built_in_registry(), *plain, {{"all", folder / "all.safetensors", 1, 1}});
  CHECK(memory.most() > kept / 2);  // it was watched
  // The change, the change times its strength; or that, the weight in float32 and their sum.
  CHECK(memory.most() <= kept + 4 * largest);
}

TEST_CASE("a LoRA whose numbers are wrong is refused before anything is drawn, with its tensors' names") {
  Composer composer(golden_models(), built_in_registry());
  const auto plain = composer.compose(kFolderModel, false);
  const std::vector<LoraTarget> targets = lora_targets(*plain);
  const std::pair<std::string, std::string> wrong[] = {
      {"lora_unet_conv_in", "conv_in.weight"},
      {"lora_te_text_model_encoder_layers_0_mlp_fc1", "text_model.encoder.layers.0.mlp.fc1.weight"},
      {"lora_te_text_model_embeddings_token_embedding", "text_model.embeddings.token_embedding.weight"}};
  for (const auto& [name, parameter] : wrong) {
    INFO(name);
    const auto target = std::find_if(targets.begin(), targets.end(),
                                     [&parameter = parameter](const auto& t) { return t.parameter == parameter; });
    REQUIRE(target != targets.end());
    const auto [down, up] = factors_for(target->shape);
    const ChangedLora lora([&, &name = name, &down = down, &up = up](std::map<std::string, Tensor>& tensors) {
      tensors[name + ".lora_up.weight"] = up * 3e38;
      tensors[name + ".lora_down.weight"] = down * 10;
    });
    const Error error = error_of([&] { apply_loras(*built_in_registry(), *plain, {lora.file}); });
    CHECK(error.code() == ErrorCode::bad_weights);
    CHECK(says(error.sentence(), "'" + name + ".lora_up.weight'"));
    CHECK(says(error.sentence(), "make a change that is not finite"));
  }
}

TEST_CASE("a LoRA shares every weight that it does not touch") {
  Composer composer(golden_models(), built_in_registry());
  const auto plain = composer.compose(kFolderModel, false);
  const auto patched =
      apply_loras(*built_in_registry(), *plain, {golden_file("kohya_noalpha", 1)});  // touches up_blocks only
  const std::string untouched = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
  CHECK(plain->unet->weights().linear(untouched) == patched->unet->weights().linear(untouched));
  CHECK(plain->text_encoders == patched->text_encoders);
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

TEST_CASE("what is not for this model is passed over with one warning that says what was applied") {
  Composer composer(golden_models(), built_in_registry());
  const auto plain = composer.compose(kFolderModel, false);
  const std::string module = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
  const auto weight = [&](const Model& model) { return model.unet->weights().linear(module)->weight(); };
  const ChangedLora lora([](std::map<std::string, Tensor>& tensors) {
    for (const char* half : {".lora_up.weight", ".lora_down.weight"})
      tensors[std::string("lora_te2_text_model_encoder_layers_0_mlp_fc1") + half] = at::ones({2, 2});
  });
  const auto patched = apply_loras(*built_in_registry(), *plain, {lora.file});
  CHECK(at::equal(weight(*patched),
                  weight(*apply_loras(*built_in_registry(), *plain, {golden_file("kohya_linear", 1)}))));
  REQUIRE(patched->warnings.size() == 1);
  CHECK(says(patched->warnings[0], "LoRA 'changed': 1 of its"));
  CHECK(says(patched->warnings[0], "applied: kohya, rank 2"));
  CHECK_FALSE(says(patched->warnings[0], lora.folder.path().string()));  // of no concern to strangers
}

TEST_CASE("a LoRA of which nothing fits is refused") {
  Composer composer(golden_models(), built_in_registry());
  const auto plain = composer.compose(kFolderModel, false);
  const ChangedLora lora([](std::map<std::string, Tensor>& tensors) {
    tensors = {{"lora_unet_nowhere.lora_up.weight", at::ones({6, 2})},
               {"lora_unet_nowhere.lora_down.weight", at::ones({2, 4})}};
  });
  const Error error = error_of([&] { apply_loras(*built_in_registry(), *plain, {lora.file}); });
  CHECK(error.code() == ErrorCode::bad_weights);
  CHECK(says(error.sentence(), "nothing in it is for this model"));
}

TEST_CASE("the text encoder may get a strength of its own, and a strength of 0 leaves a part as it is") {
  Composer composer(golden_models(), built_in_registry());
  const auto plain = composer.compose(kFolderModel, false);
  const auto with = [&](double unet, double text_encoder) {
    LoraFile file = golden_file("kohya_linear", unet);
    file.text_encoder_strength = text_encoder;
    return apply_loras(*built_in_registry(), *plain, {file});
  };
  CHECK(with(1, 0)->text_encoders == plain->text_encoders);
  CHECK(with(1, 0)->unet != plain->unet);
  CHECK(with(0, 1)->unet == plain->unet);
  CHECK(with(0, 1)->text_encoders != plain->text_encoders);

  GenerateRequest tagged = small_request(kFolderModel);
  tagged.prompt += " <lora:" + golden_lora("kohya_linear") + ":1:0.5>";
  LoraUse use{golden_lora("kohya_linear"), 0.5, 1};
  CHECK(pictures(composer, tagged, true).at(0).equal(pictures(composer, with_loras({use}), true).at(0)));
  CHECK_FALSE(pictures(composer, with_loras({use}), true)
                  .at(0)
                  .equal(pictures(composer, with_loras({{golden_lora("kohya_linear"), 0.5}}), true).at(0)));
}
