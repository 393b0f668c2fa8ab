#include "tests/models/goldens.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("the text encoder of SD 1.x gives the reference's states") {
  const Golden golden("text/text.safetensors");
  for (const char* model : {"tiny_sd15", "tiny_sd15.safetensors"}) {
    const auto encoder = load(clip_factory(), part_of(model, "text_encoder"));
    CHECK(encoder->info().pooled_width == 0);
    const Json prompts = golden_json("text/text.json").at("prompts");
    REQUIRE(prompts.size() == 3);
    double worst = 0;
    for (size_t i = 0; i < prompts.size(); ++i) {
      const std::string key = "sd15/" + std::to_string(i) + "/";
      const Tensor ids = golden[key + "ids"];
      CHECK(at::equal(at::tensor(encoder->tokenize(prompts[i]).padded).view({1, -1}), ids));
      worst = std::max(worst, largest_difference(encoder->encode(ids).tokens, golden[key + "last"]));
      worst = std::max(worst, largest_difference(encoder->encode(ids, 1).tokens, golden[key + "clip_skip1"]));
      worst = std::max(worst, largest_difference(encoder->encode(ids, 2).tokens, golden[key + "clip_skip2"]));
      const std::vector<Tensor> states = encoder->hidden_states(ids);
      REQUIRE(static_cast<int64_t>(states.size()) == encoder->info().layers + 1);
      for (size_t j = 0; j < states.size(); ++j)
        worst = std::max(worst, largest_difference(states[j], golden[key + "hidden" + std::to_string(j)]));
    }
    INFO(model << ": " << worst);
    CHECK(worst < kComponentTolerance);
  }
}

TEST_CASE("both text encoders of SDXL give the reference's states and pooled text") {
  const Golden golden("text/text.safetensors");
  const auto first = load(clip_factory(), part_of("tiny_sdxl", "text_encoder"));
  const auto second = load(clip_factory(), part_of("tiny_sdxl", "text_encoder_2"));
  CHECK(second->info().pooled_width == 8);
  double worst = 0;
  for (int i = 0; i < 3; ++i) {
    const std::string key = "sdxl/" + std::to_string(i) + "/";
    worst = std::max(worst, largest_difference(first->encode(golden[key + "te1/ids"], 1, false).tokens,
                                               golden[key + "te1/penultimate"]));
    const TextEncoding encoding = second->encode(golden[key + "te2/ids"], 1, false);
    worst = std::max(worst, largest_difference(encoding.tokens, golden[key + "te2/penultimate"]));
    worst = std::max(worst, largest_difference(encoding.pooled, golden[key + "te2/text_embeds"]));
  }
  CHECK(worst < kComponentTolerance);
}

TEST_CASE("a batch of prompts equals its prompts alone") {
  const Golden golden("text/text.safetensors");
  const auto encoder = load(clip_factory(), part_of("tiny_sdxl", "text_encoder_2"));
  std::vector<Tensor> prompts;
  for (int i : {0, 1, 2, 0}) prompts.push_back(golden["sdxl/" + std::to_string(i) + "/te2/ids"]);
  for (size_t count = 2; count <= prompts.size(); ++count) {
    const TextEncoding together =
        encoder->encode(at::cat(std::vector<Tensor>(prompts.begin(), prompts.begin() + count)));
    for (size_t i = 0; i < count; ++i) {
      const TextEncoding alone = encoder->encode(prompts[i]);
      CHECK(at::equal(together.tokens[i], alone.tokens[0]));
      CHECK(at::equal(together.pooled[i], alone.pooled[0]));
    }
  }
}

TEST_CASE("folder and single file give the same text to the bit") {
  const Tensor ids = Golden("text/text.safetensors")["sd15/1/ids"];
  const auto folder = load(clip_factory(), part_of("tiny_sd15", "text_encoder"));
  const auto file = load(clip_factory(), part_of("tiny_sd15.safetensors", "text_encoder"));
  CHECK(at::equal(folder->encode(ids).tokens, file->encode(ids).tokens));
}

TEST_CASE("names without the prefix text_model are read too") {
  const ModelFiles files = part_of("tiny_sd15", "text_encoder");
  std::map<std::string, Tensor> renamed;
  for (auto& [name, tensor] : copies_of(files)) renamed[name.substr(std::string("text_model.").size())] = tensor;
  renamed["embeddings.position_ids"] = at::arange(77).view({1, 77}).to(at::kFloat);
  const Tensor ids = Golden("text/text.safetensors")["sd15/1/ids"];
  CHECK(at::equal(load(clip_factory(), with_tensors(files, renamed))->encode(ids).tokens,
                  load(clip_factory(), files)->encode(ids).tokens));
}

TEST_CASE("OpenCLIP's stacked and transposed weights are the same encoder") {
  // The second encoder of tiny_sdxl, written down as an SDXL file has it.
  const ModelFiles files = part_of("tiny_sdxl", "text_encoder_2");
  std::map<std::string, Tensor> theirs, ours = copies_of(files);
  const std::string root = "conditioner.embedders.1.model.";
  theirs[root + "token_embedding.weight"] = ours.at("text_model.embeddings.token_embedding.weight");
  theirs[root + "positional_embedding"] = ours.at("text_model.embeddings.position_embedding.weight");
  theirs[root + "text_projection"] = ours.at("text_projection.weight").t().contiguous();
  theirs[root + "logit_scale"] = at::ones({});
  for (const char* end : {".weight", ".bias"}) {
    theirs[root + "ln_final" + end] = ours.at(std::string("text_model.final_layer_norm") + end);
    for (int layer = 0; layer < 3; ++layer) {
      const std::string from = "text_model.encoder.layers." + std::to_string(layer) + ".";
      const std::string to = root + "transformer.resblocks." + std::to_string(layer) + ".";
      theirs[to + "attn.in_proj_" + (end + 1)] =
          at::cat({ours.at(from + "self_attn.q_proj" + end), ours.at(from + "self_attn.k_proj" + end),
                   ours.at(from + "self_attn.v_proj" + end)});
      for (const auto& [mine, their] : std::map<std::string, std::string>{{"self_attn.out_proj", "attn.out_proj"},
                                                                          {"layer_norm1", "ln_1"},
                                                                          {"layer_norm2", "ln_2"},
                                                                          {"mlp.fc1", "mlp.c_fc"},
                                                                          {"mlp.fc2", "mlp.c_proj"}})
        theirs[to + their + end] = ours.at(from + mine + end);
    }
  }
  const Tensor ids = Golden("text/text.safetensors")["sdxl/1/te2/ids"];
  ModelFiles in_file = with_tensors(files, theirs);
  in_file.root = root;
  const TextEncoding a = load(clip_factory(), in_file)->encode(ids), b = load(clip_factory(), files)->encode(ids);
  CHECK(at::equal(a.tokens, b.tokens));
  CHECK(at::equal(a.pooled, b.pooled));
}

TEST_CASE("OpenCLIP's last layer is passed over in an SD 2.x file") {
  // 64 wide: one head, so that shapes tell everything.
  std::map<std::string, Tensor> theirs;
  at::manual_seed(51);
  const std::string root = "cond_stage_model.model.";
  const auto pair = [&](const std::string& name, std::vector<int64_t> shape, const char* joint = ".") {
    theirs[root + name + joint + "bias"] = at::randn({shape[0]}) / 10;
    theirs[root + name + joint + "weight"] = at::randn(shape) / 8;
  };
  theirs[root + "token_embedding.weight"] = at::randn({49408, 64});
  theirs[root + "positional_embedding"] = at::randn({77, 64});
  theirs[root + "text_projection"] = at::randn({64, 64});
  theirs[root + "logit_scale"] = at::ones({});
  pair("ln_final", {64});
  for (int layer = 0; layer < 3; ++layer) {
    const std::string block = "transformer.resblocks." + std::to_string(layer) + ".";
    pair(block + "ln_1", {64}), pair(block + "ln_2", {64}), pair(block + "attn.in_proj", {192, 64}, "_");
    pair(block + "attn.out_proj", {64, 64}), pair(block + "mlp.c_fc", {256, 64}), pair(block + "mlp.c_proj", {64, 256});
  }
  ModelFiles files;
  files.place = "sd2.safetensors";
  files.root = root;
  files.told = {{"drops_last_layer", true}};
  const auto encoder = load(clip_factory(), with_tensors(files, theirs));
  CHECK(encoder->info().layers == 2);
  CHECK(encoder->info().pooled_width == 0);
  CHECK(encoder->tokenize("a cat").padded.back() == 0);  // "!"
  CHECK(encoder->encode(at::tensor(encoder->tokenize("a cat").padded).view({1, -1}))
            .tokens.isfinite()
            .all()
            .item<bool>());
}

TEST_CASE("a patched text encoder leaves the first one as it was") {
  const Tensor ids = Golden("text/text.safetensors")["sd15/0/ids"];
  const auto encoder = load(clip_factory(), part_of("tiny_sd15", "text_encoder"));
  const Tensor before = encoder->encode(ids).tokens;
  const std::string name = "text_model.encoder.layers.0.mlp.fc1.weight";
  const auto patched = encoder->patched({{name, at::ones({32, 8})}});
  CHECK_FALSE(at::equal(patched->encode(ids).tokens, before));
  CHECK(at::equal(encoder->encode(ids).tokens, before));
  CHECK(at::equal(patched->patched({{name, -at::ones({32, 8})}})->encode(ids).tokens,
                  before));  // exact: the weights are fp16
}

TEST_CASE("a clip_skip without a layer is refused") {
  const auto encoder = load(clip_factory(), part_of("tiny_sd15", "text_encoder"));
  const Tensor ids = Golden("text/text.safetensors")["sd15/0/ids"];
  CHECK_THROWS_AS(encoder->encode(ids, 3), Error);
  CHECK_THROWS_AS(encoder->encode(ids, -1), Error);
  CHECK_THROWS_AS(encoder->encode(ids + 49408), Error);
}

TEST_CASE("the legacy end token of old configs pools at the highest id") {
  ModelFiles files = part_of("tiny_sdxl", "text_encoder_2");
  const Tensor ids = Golden("text/text.safetensors")["sdxl/0/te2/ids"];
  const Tensor expected = load(clip_factory(), files)->encode(ids).pooled;
  files.config["eos_token_id"] = 2;
  CHECK(at::equal(load(clip_factory(), files)->encode(ids).pooled, expected));
}

TEST_CASE("a text encoder's wrong settings and tensors are named") {
  using Catch::Matchers::Contains;
  const ModelFiles files = part_of("tiny_sd15", "text_encoder");
  const auto config_error = [&](const std::string& key, const Json& value) -> std::string {
    ModelFiles changed = files;
    changed.config[key] = value;
    try {
      clip_factory().recognise(changed);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  CHECK_THAT(config_error("hidden_size", -8),
             Contains("text_encoder/config.json/hidden_size: must be an integer from 1"));
  CHECK_THAT(config_error("hidden_size", 1e18), Contains("hidden_size"));
  CHECK_THAT(config_error("num_hidden_layers", "three"), Contains("num_hidden_layers"));
  CHECK_THAT(config_error("hidden_act", "mish"), Contains("quick_gelu, gelu"));
  CHECK_THAT(config_error("num_attention_heads", 3), Contains("3 heads"));
  ModelFiles other = files;
  other.config["architectures"] = {"T5EncoderModel"};
  CHECK_FALSE(clip_factory().recognise(other));

  auto tensors = copies_of(files);
  tensors.erase("text_model.final_layer_norm.bias");
  tensors["text_model.final_layer_norm.weight"] = at::ones({9});
  tensors["stranger"] = at::ones({1});
  const auto recognition = clip_factory().recognise(with_tensors(files, tensors));
  const std::string faults = sentences(recognition->faults);
  CHECK_THAT(faults, Contains("'text_model.final_layer_norm.bias' is missing: [8] is needed"));
  CHECK_THAT(faults, Contains("'text_model.final_layer_norm.weight' has shape [9], [8] is needed"));
  CHECK(recognition->faults.size() == 2);
  CHECK_THAT(sentences(recognition->warnings), Contains("1 tensor is not used") && Contains("'stranger'"));

  ModelFiles deeper = files;
  deeper.config["num_hidden_layers"] = 20;
  CHECK_THAT(sentences(clip_factory().recognise(deeper)->faults),
             Contains("and 264 more tensors are missing"));  // 17 layers of 16, 8 shown
}

TEST_CASE("tensors that a text encoder does not need are passed over, and a second set of names with a warning") {
  using Catch::Matchers::Contains;
  const ModelFiles folder = part_of("tiny_sd15", "text_encoder"),
                   file = part_of("tiny_sd15.safetensors", "text_encoder");
  auto tensors = copies_of(folder);
  tensors["text_projection.weight"] = at::ones({8, 8});  // of a CLIPTextModel that was saved with its projection
  tensors["text_model.embeddings.position_ids"] = at::zeros({1, 77}, at::kLong);
  auto recognition = clip_factory().recognise(with_tensors(folder, tensors));
  CHECK(recognition->faults.empty());
  CHECK(recognition->warnings.empty());
  CHECK(recognition->description == "CLIP text encoder, 3 layers of 8");

  tensors = copies_of(file);
  const std::string root = "cond_stage_model.transformer.", prefix = root + "text_model.";
  size_t doubled = 0;
  for (const auto& [name, tensor] : copies_of(file)) {
    if (name.compare(0, prefix.size(), prefix) != 0) continue;
    tensors[root + name.substr(prefix.size())] = tensor;
    ++doubled;
  }
  recognition = clip_factory().recognise(with_tensors(file, tensors));
  CHECK(recognition->faults.empty());
  CHECK_THAT(sentences(recognition->warnings), Contains(std::to_string(doubled) + " tensors are not used"));
  for (const Parameter& parameter : recognition->parameters)
    CHECK(parameter.source.compare(0, prefix.size(), prefix) == 0);
}

TEST_CASE("weights that are not finite are refused with file and tensor") {
  using Catch::Matchers::Contains;
  const ModelFiles files = part_of("tiny_sd15", "text_encoder");
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    auto tensors = copies_of(files);
    tensors.at("text_model.encoder.layers.1.mlp.fc1.weight")[3][2] = bad;
    CHECK_THROWS_WITH(load(clip_factory(), with_tensors(files, tensors)),
                      Contains("memory: tensor 'text_model.encoder.layers.1.mlp.fc1.weight' holds NaN"));
  }
}
