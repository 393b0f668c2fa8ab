#include "core/api/unet_shortcuts.h"
#include "tests/models/goldens.h"

using namespace alice;
using namespace alice::test;

namespace {

Conditioning conditioning_of(const Golden& golden, const std::string& key, bool is_sdxl) {
  Conditioning conditioning = {{"tokens", golden[key + "/context"]}};
  if (is_sdxl)
    conditioning["pooled"] = golden[key + "/text_embeds"], conditioning["time_ids"] = golden[key + "/time_ids"];
  return conditioning;
}

Tensor times(double t, int64_t rows) { return at::full({rows}, t, at::kFloat); }

Conditioning rows_of(const Conditioning& conditioning, int64_t first, int64_t count) {
  Conditioning rows;
  for (const auto& [name, tensor] : conditioning) rows[name] = tensor.narrow(0, first, count);
  return rows;
}

}  // namespace

TEST_CASE("the UNet gives the reference's predictions, at fractional times and odd sizes too") {
  const Golden golden("unet/unet.safetensors");
  const Json cases = golden_json("unet/unet.json").at("cases");
  REQUIRE(cases.size() == 7);
  for (const Json& item : cases) {
    const std::string key = item.at("key");
    const bool is_sdxl = key.compare(0, 4, "sdxl") == 0;
    const std::vector<std::string> models = is_sdxl ? std::vector<std::string>{"tiny_sdxl"}
                                                    : std::vector<std::string>{"tiny_sd15", "tiny_sd15.safetensors"};
    for (const std::string& model : models) {
      CAPTURE(model, key);
      const auto unet = load(unet_factory(), part_of(model, "unet"));
      const Tensor sample = golden[key + "/sample"];
      const Tensor out = unet->prepare(conditioning_of(golden, key, is_sdxl))
                             ->predict(sample, times(item.at("timestep"), sample.size(0)));
      CHECK(out.scalar_type() == at::kFloat);
      CHECK(largest_difference(out, golden[key + "/out"]) < kComponentTolerance);
    }
  }
}

TEST_CASE("the UNet's folder and single file give the same prediction to the bit") {
  const Golden golden("unet/unet.safetensors");
  const std::string key = "sd15/2_1_1";
  std::vector<Tensor> results;
  for (const char* model : {"tiny_sd15", "tiny_sd15.safetensors"})
    results.push_back(load(unet_factory(), part_of(model, "unet"))
                          ->prepare(conditioning_of(golden, key, false))
                          ->predict(golden[key + "/sample"], times(1, 1)));
  CHECK(at::equal(results[0], results[1]));
}

TEST_CASE("a batch of latents equals its latents alone") {
  at::manual_seed(21);
  for (const char* dtype : {"float32", "bfloat16"})
    for (const std::string model : {"tiny_sd15", "tiny_sdxl"}) {
      CAPTURE(dtype, model);
      const auto unet = load(unet_factory(), part_of(model, "unet"), cpu_backend(dtype));
      Conditioning conditioning = {{"tokens", at::randn({4, 77, unet->info().context_width})}};
      for (const auto& [name, width] : unet->info().further_conditioning)
        conditioning[name] = at::rand({4, width}) * 100;
      const Tensor x = at::randn({4, 4, 11, 9}), t = at::tensor({981.0f, 1.0f, 500.25f, 250.0f});
      std::vector<Tensor> alone;
      for (int64_t i = 0; i < 4; ++i)
        alone.push_back(unet->prepare(rows_of(conditioning, i, 1))->predict(x.narrow(0, i, 1), t.narrow(0, i, 1)));
      for (int64_t count = 2; count <= 4; ++count) {
        const Tensor together =
            unet->prepare(rows_of(conditioning, 0, count))->predict(x.narrow(0, 0, count), t.narrow(0, 0, count));
        for (int64_t i = 0; i < count; ++i) CHECK(at::equal(together.narrow(0, i, 1), alone[i]));
      }
    }
}

TEST_CASE("a prediction that keeps the depth of another is that one for its x and t, and less of one for others") {
  at::manual_seed(22);
  for (const std::string model : {"tiny_sd15", "tiny_sdxl"}) {
    CAPTURE(model);
    const auto unet = load(unet_factory(), part_of(model, "unet"));
    const auto* shortcuts = static_cast<const UNetShortcuts*>(unet->extension(kUNetShortcuts));
    REQUIRE(shortcuts != nullptr);
    Conditioning conditioning = {{"tokens", at::randn({2, 77, unet->info().context_width})}};
    for (const auto& [name, width] : unet->info().further_conditioning) conditioning[name] = at::rand({2, width}) * 100;
    const auto run = shortcuts->prepare_shortcuts(conditioning, {});
    const Tensor x = at::randn({2, 4, 11, 9}), near = x + 0.05 * at::randn({2, 4, 11, 9});
    const Tensor t = times(501, 2), earlier = times(481, 2);
    CHECK_THROWS_WITH(run->predict_with_kept_depth(x, t), Catch::Matchers::Contains("keep the depth"));

    const Tensor whole = run->predict(x, t);
    CHECK(at::equal(whole, unet->prepare(conditioning)->predict(x, t)));
    CHECK(at::equal(run->predict_with_kept_depth(x, t), whole));
    const Tensor exact = unet->prepare(conditioning)->predict(near, earlier);
    const Tensor kept = run->predict_with_kept_depth(near, earlier);
    CHECK_FALSE(at::equal(kept, exact));
    CHECK((kept - exact).norm().item<double>() < (whole - exact).norm().item<double>());
    CHECK_THROWS_AS(run->predict_with_kept_depth(at::randn({2, 4, 8, 8}), t), Error);
  }
}

TEST_CASE("with merged tokens a batch of latents still equals its latents alone") {
  at::manual_seed(23);
  for (const char* dtype : {"float32", "bfloat16"}) {
    CAPTURE(dtype);
    const auto unet = load(unet_factory(), part_of("tiny_sd15", "unet"), cpu_backend(dtype));
    const auto* shortcuts = static_cast<const UNetShortcuts*>(unet->extension(kUNetShortcuts));
    const Conditioning conditioning = {{"tokens", at::randn({3, 77, unet->info().context_width})}};
    const Tensor x = at::randn({3, 4, 16, 16}), t = times(500, 3);
    const Tensor together = shortcuts->prepare_shortcuts(conditioning, {0.5})->predict(x, t);
    CHECK_FALSE(at::equal(together, unet->prepare(conditioning)->predict(x, t)));
    for (int64_t i = 0; i < 3; ++i)
      CHECK(at::equal(shortcuts->prepare_shortcuts(rows_of(conditioning, i, 1), {0.5})
                          ->predict(x.narrow(0, i, 1), t.narrow(0, i, 1)),
                      together.narrow(0, i, 1)));
  }
}

TEST_CASE("bfloat16 predictions are near float32's") {
  const Golden golden("unet/unet.safetensors");
  const std::string key = "sd15/0_2_981";
  const auto unet = load(unet_factory(), part_of("tiny_sd15", "unet"), cpu_backend("bfloat16"));
  const Tensor out =
      unet->prepare(conditioning_of(golden, key, false))->predict(golden[key + "/sample"], times(981, 2));
  const Tensor expected = golden[key + "/out"];
  CHECK(((out - expected).norm() / expected.norm()).item<double>() < 0.05);
}

TEST_CASE("a patched UNet leaves the first one as it was and shares what no change touches") {
  const Golden golden("unet/unet.safetensors");
  const std::string key = "sd15/1_1_1", module = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k";
  const auto unet = load(unet_factory(), part_of("tiny_sd15", "unet"));
  const auto predict = [&](const UNet& model) {
    return model.prepare(conditioning_of(golden, key, false))->predict(golden[key + "/sample"], times(1, 1));
  };
  const Tensor before = predict(*unet);
  const auto patched = unet->patched({{module + ".weight", at::ones({32, 8})}});
  CHECK_FALSE(at::equal(predict(*patched), before));
  CHECK(at::equal(predict(*unet), before));
  CHECK(patched->weights().linear(module) != unet->weights().linear(module));
  for (const char* other : {"down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_v", "time_embedding.linear_1"})
    CHECK(patched->weights().linear(other) == unet->weights().linear(other));
  CHECK(patched->weights().tensor("conv_norm_out.weight").is_same(unet->weights().tensor("conv_norm_out.weight")));
  CHECK_THROWS_AS(unet->patched({{"nowhere.weight", at::ones({1})}}), Error);
  CHECK_THROWS_AS(unet->patched({{module + ".weight", at::ones({32, 9})}}), Error);
}

TEST_CASE("conditioning that is missing or of another shape is refused") {
  const auto unet = load(unet_factory(), part_of("tiny_sdxl", "unet"));
  const Tensor tokens = at::zeros({1, 77, 16}), pooled = at::zeros({1, 8}), ids = at::zeros({1, 6});
  CHECK_THROWS_WITH(unet->prepare({}), Catch::Matchers::Contains("'tokens' is missing"));
  CHECK_THROWS_WITH(unet->prepare({{"tokens", tokens}, {"time_ids", ids}}),
                    Catch::Matchers::Contains("'pooled' is missing"));
  CHECK_THROWS_WITH(unet->prepare({{"tokens", at::zeros({1, 77, 8})}, {"pooled", pooled}, {"time_ids", ids}}),
                    Catch::Matchers::Contains("the last of 16"));
  CHECK_THROWS_AS(unet->prepare({{"tokens", at::zeros({2, 77, 16})}, {"pooled", pooled}, {"time_ids", ids}}), Error);
  // 56 wide together: as text of 8 beside six ids of 8, or of 16 beside the refiner's five.
  CHECK_NOTHROW(unet->prepare({{"tokens", tokens}, {"pooled", at::zeros({1, 16})}, {"time_ids", at::zeros({1, 5})}}));
  for (const auto& [text, sizes] : std::vector<std::pair<int64_t, int64_t>>{{9, 6}, {8, 5}, {48, 1}, {0, 7}})
    CHECK_THROWS_AS(
        unet->prepare({{"tokens", tokens}, {"pooled", at::zeros({1, text})}, {"time_ids", at::zeros({1, sizes})}}),
        Error);
  const auto run = unet->prepare({{"tokens", tokens}, {"pooled", pooled}, {"time_ids", ids}});
  CHECK_THROWS_AS(run->predict(at::zeros({1, 3, 8, 8}), times(1, 1)), Error);
  CHECK_THROWS_AS(run->predict(at::zeros({2, 4, 8, 8}), times(1, 2)), Error);
  CHECK_THROWS_AS(run->predict(at::zeros({1, 4, 8, 8}), times(1, 2)), Error);
}

TEST_CASE("a UNet's missing, left-over and misshapen tensors are named, and the left-over ones refuse nothing") {
  using Catch::Matchers::Contains;
  const ModelFiles folder = part_of("tiny_sd15", "unet"), file = part_of("tiny_sd15.safetensors", "unet");
  auto tensors = copies_of(folder);
  tensors.erase("conv_out.bias");
  tensors["conv_in.weight"] = at::ones({32, 5, 3, 3});
  tensors["stranger"] = at::ones({1});
  auto recognition = unet_factory().recognise(with_tensors(folder, tensors));
  std::string faults = sentences(recognition->faults);
  CHECK_THAT(faults, Contains("'conv_out.bias' is missing: [4] is needed"));
  CHECK_THAT(faults, Contains("'conv_in.weight' has shape [32, 5, 3, 3], [32, 4, 3, 3] is needed"));
  CHECK(recognition->faults.size() == 2);
  CHECK_THAT(sentences(recognition->warnings), Contains("1 tensor is not used") && Contains("'stranger'"));

  tensors = copies_of(file);
  tensors.erase("model.diffusion_model.out.2.bias");
  tensors["model.diffusion_model.stranger"] = at::ones({1});
  recognition = unet_factory().recognise(with_tensors(file, tensors));
  faults = sentences(recognition->faults);
  CHECK(recognition->layout == "ldm");
  CHECK_THAT(faults, Contains("'model.diffusion_model.out.2.bias' is missing"));
  CHECK(recognition->faults.size() == 1);
  CHECK_THAT(sentences(recognition->warnings), Contains("1 tensor is not used") && Contains("model.stranger'"));
  CHECK_FALSE(recognition->claimed.count("first_stage_model.decoder.conv_in.weight"));
}

TEST_CASE("a UNet's wrong settings are named before anything is made of them") {
  using Catch::Matchers::Contains;
  const auto config_error = [](const std::string& key, const Json& value) -> std::string {
    ModelFiles files = part_of("tiny_sd15", "unet");
    files.config[key] = value;
    try {
      unet_factory().recognise(files);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::bad_weights);
      return error.what();
    }
    return "";
  };
  CHECK_THAT(config_error("block_out_channels", "wide"),
             Contains("unet/config.json/block_out_channels: must be a list of integers"));
  CHECK_THAT(config_error("block_out_channels", {32, 32, 32, -32}), Contains("block_out_channels"));
  CHECK_THAT(config_error("block_out_channels", {1e15, 32, 32, 32}), Contains("block_out_channels"));
  CHECK_THAT(config_error("block_out_channels", Json::array()), Contains("levels"));
  CHECK_THAT(config_error("block_out_channels", {32, 32}), Contains("for each of the 2 levels"));
  CHECK_THAT(config_error("layers_per_block", {1, 2}),
             Contains("layers_per_block: must be one value or one for each of the 4 levels"));
  CHECK_THAT(config_error("attention_head_dim", 7), Contains("7 heads cannot share 32 channels"));
  CHECK_THAT(config_error("norm_num_groups", 5), Contains("32 channels do not fall into"));
  CHECK_THAT(config_error("down_block_types", {"AttnDownBlock2D", "DownBlock2D", "DownBlock2D", "DownBlock2D"}),
             Contains("'AttnDownBlock2D' is not built"));
  CHECK_THAT(config_error("cross_attention_dim", {8, 8, 8, 9}), Contains("the same for all levels"));
  CHECK_THAT(config_error("transformer_layers_per_block", {{1, 2}}), Contains("transformer_layers_per_block"));
  CHECK_THAT(config_error("conv_in_kernel", 4), Contains("must be odd"));
  CHECK_THAT(config_error("addition_embed_type", "text_image"), Contains("'text_image' is not built"));
  CHECK_THAT(config_error("addition_embed_type", "text_time"), Contains("addition_time_embed_dim: must be given"));
  ModelFiles sdxl = part_of("tiny_sdxl", "unet");
  sdxl.config["projection_class_embeddings_input_dim"] = 40;
  CHECK_THROWS_WITH(unet_factory().recognise(sdxl), Contains("leaves no room for pooled text"));
  for (const auto& [key, value] : std::map<std::string, Json>{{"act_fn", "mish"},
                                                              {"class_embed_type", "timestep"},
                                                              {"num_class_embeds", 10},
                                                              {"only_cross_attention", true},
                                                              {"dual_cross_attention", true},
                                                              {"encoder_hid_dim", 4},
                                                              {"mid_block_scale_factor", 2},
                                                              {"resnet_time_scale_shift", "scale_shift"}})
    CHECK_THAT(config_error(key, value), Contains("unet/config.json/" + key) && Contains("is not built"));
  CHECK_THAT(config_error("mid_block_type", "UNetMidBlock2DSimpleCrossAttn"),
             Contains("mid_block_type: must be one of UNetMidBlock2DCrossAttn, UNetMidBlock2D, or null"));
  CHECK_THAT(config_error("time_cond_proj_dim", -1), Contains("time_cond_proj_dim: must be an integer"));
  CHECK(config_error("only_cross_attention", {false, false, false, false}) == "");
  ModelFiles other = part_of("tiny_sd15", "unet");
  other.config["_class_name"] = "UNet3DConditionModel";
  CHECK_FALSE(unet_factory().recognise(other));
}

TEST_CASE("a file that has lost most of its tensors is told in a few sentences") {
  const ModelFiles files = part_of("tiny_sd15", "unet");
  auto tensors = copies_of(files);
  for (auto it = tensors.begin(); it != tensors.end();)
    it = it->first.compare(0, 9, "up_blocks") == 0 ? tensors.erase(it) : std::next(it);
  const auto recognition = unet_factory().recognise(with_tensors(files, tensors));
  CHECK(recognition->faults.size() == 9);
  CHECK_THAT(recognition->faults.back().sentence, Catch::Matchers::Contains("more tensors are missing"));
}
