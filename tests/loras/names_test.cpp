// Which spellings of a module's name find it.

#include <algorithm>

#include "tests/loras/lora_formats.h"

using namespace alice;
using namespace alice::test;

namespace {

using Tensors = std::map<std::string, Tensor>;

Tensors linear(const std::string& down, const std::string& up, int64_t out = 6, int64_t in = 4) {
  return {{down, at::ones({2, in})}, {up, at::ones({out, 2})}};
}

/// What a format says of a file, and the targets that it was told.
struct Read : LoraRecognition {
  std::vector<LoraTarget> targets;
};

Read read(const std::string& format, const Tensors& tensors,
          std::map<std::string, std::string> metadata = {}, const std::vector<LoraTarget>& targets = small_model()) {
  const MemoryWeights file(tensors, std::move(metadata));
  CHECK(recognisers(file.index()) == std::vector<std::string>{format});
  return {lora_format(format)->read(file, targets), targets};
}

struct OnlyPatch {
  std::string part, module;
  double scale;
};

/// The one patch that a file must give, without a fault.
OnlyPatch only_patch(const Read& read) {
  for (const Fault& fault : read.faults) FAIL_CHECK(fault.sentence);
  REQUIRE(read.patches.size() == 1);
  const LoraPatch& patch = read.patches[0];
  return {part_of(patch, read.targets), module_of(patch, read.targets), patch.scale};
}

/// A module's weight.
LoraTarget target(const std::string& part, const std::string& module) {
  return {part, module + ".weight", "", {6, 4}};
}

std::string underscored(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

const std::string kQuery = "text_model.encoder.layers.0.self_attn.q_proj";

}  // namespace

TEST_CASE("kohya's names find modules in both layouts") {
  for (const char* module : {"mid_block_attentions_0_proj_in", "middle_block_1_proj_in"}) {
    const std::string name = std::string("lora_unet_") + module;
    const OnlyPatch patch = only_patch(read("kohya", linear(name + ".lora_down.weight", name + ".lora_up.weight")));
    CHECK(patch.part == "unet");
    CHECK(patch.module == "mid_block.attentions.0.proj_in");
    CHECK(patch.scale == 1);
  }
}

TEST_CASE("the names of other trainers find modules too") {
  const std::string factors[] = {".lora_down.weight", ".lora_up.weight"};
  const auto kohya = [&](const std::string& name) {
    return only_patch(read("kohya", linear(name + factors[0], name + factors[1])));
  };
  for (const char* unet :
       {"diffusion_model.middle_block.1.proj_in", "model.diffusion_model.middle_block.1.proj_in",
        "unet.mid_block.attentions.0.proj_in", "lora_unet.mid_block.attentions.0.proj_in",
        "lycoris_mid_block_attentions_0_proj_in", "diffusion_model.mid_block.attentions.0.proj_in"}) {
    INFO(unet);
    CHECK(kohya(unet).part == "unet");
    CHECK(kohya(unet).module == "mid_block.attentions.0.proj_in");
  }
  const std::vector<LoraTarget> targets = {target("text_encoder", kQuery)};
  for (const std::string& text :
       {"lora_te_wrapped_transformer_" + underscored(kQuery), "lora_te." + kQuery, "lora_te1." + kQuery,
        "text_encoder." + kQuery, "clip_l." + kQuery, "text_encoders.clip_l.transformer." + kQuery}) {
    INFO(text);
    CHECK(only_patch(read("kohya", linear(text + factors[0], text + factors[1]), {}, targets)).module == kQuery);
  }
  const std::string comfy = "diffusion_model.middle_block.1.proj_in";
  CHECK(only_patch(read("peft", linear(comfy + ".lora_A.weight", comfy + ".lora_B.weight"))).module ==
        "mid_block.attentions.0.proj_in");
}

TEST_CASE("a text encoder's modules are found with and without text_model, on either side") {
  for (const bool file_has : {true, false}) {
    for (const bool model_has : {true, false}) {
      INFO("file " << file_has << ", model " << model_has);
      const auto spelled = [](bool has) { return has ? kQuery : kQuery.substr(std::string("text_model.").size()); };
      const std::vector<LoraTarget> targets = {target("text_encoder", spelled(model_has))};
      const std::string name = spelled(file_has);
      for (const char* prefix : {"lora_te_", "lora_te1_"}) {
        const std::string kohya = prefix + underscored(name);
        CHECK(only_patch(read("kohya", linear(kohya + ".lora_down.weight", kohya + ".lora_up.weight"), {}, targets))
                  .module == spelled(model_has));
      }
      const std::string peft = "text_encoder." + name;
      CHECK(only_patch(read("peft", linear(peft + ".lora_A.weight", peft + ".lora_B.weight"), {}, targets)).part ==
            "text_encoder");
      CHECK(only_patch(read("diffusers_old",
                            linear(peft + ".lora_linear_layer.down.weight", peft + ".lora_linear_layer.up.weight"), {},
                            targets))
                .module == spelled(model_has));
    }
  }
}

TEST_CASE("the second text encoder is its own part") {
  const std::vector<LoraTarget> targets = {target("text_encoder", kQuery), target("text_encoder_2", kQuery)};
  const std::string name = "lora_te2_" + underscored(kQuery);
  CHECK(only_patch(read("kohya", linear(name + ".lora_down.weight", name + ".lora_up.weight"), {}, targets)).part ==
        "text_encoder_2");
  const std::string peft = "text_encoder_2." + kQuery;
  CHECK(only_patch(read("peft", linear(peft + ".lora_A.weight", peft + ".lora_B.weight"), {}, targets)).part ==
        "text_encoder_2");
}

TEST_CASE("PEFT's own files name no part, and may wrap the model and name the adapter") {
  for (const char* start : {"unet.", "base_model.model.", "base_model.model.unet.", "unet.base_model.model.", ""}) {
    for (const char* adapter : {"", "default.", "my_style."}) {
      const std::string name = std::string(start) + "mid_block.attentions.0.proj_in";
      INFO(name << " " << adapter);
      const auto tensors = linear(name + ".lora_A." + adapter + "weight", name + ".lora_B." + adapter + "weight");
      CHECK(only_patch(read("peft", tensors)).module == "mid_block.attentions.0.proj_in");
    }
  }
  const std::vector<LoraTarget> twice = {target("text_encoder", kQuery), target("text_encoder_2", kQuery)};
  const auto ambiguous = read("peft", linear(kQuery + ".lora_A.weight", kQuery + ".lora_B.weight"), {}, twice);
  REQUIRE(ambiguous.faults.size() == 1);
  CHECK(says(ambiguous.faults[0].sentence, "more than once"));
}

TEST_CASE("PEFT's metadata gives alpha where no tensor does") {
  const std::string name = "unet.mid_block.attentions.0.proj_in";
  const Tensors tensors = linear(name + ".lora_A.weight", name + ".lora_B.weight");
  const auto scale = [&](const std::string& settings) {
    return only_patch(read("peft", tensors, {{"lora_adapter_metadata", settings}})).scale;
  };
  CHECK(scale(R"({"unet.lora_alpha":8,"unet.r":2})") == 4);
  CHECK(scale(R"({"unet.lora_alpha":8,"unet.use_rslora":true})") == Approx(8 / std::sqrt(2.0)));
  CHECK(scale(R"({"unet.lora_alpha":8,"unet.alpha_pattern":{"proj_in":3}})") == 1.5);
  CHECK(scale(R"({"unet.lora_alpha":8,"unet.alpha_pattern":{"attentions.0.proj_in":3}})") == 1.5);
  CHECK(scale(R"({"unet.lora_alpha":8,"unet.alpha_pattern":{"oj_in":3}})") == 4);
  CHECK(scale(R"({"unet.lora_alpha":8,"unet.alpha_pattern":{"^mid_block.attentions.0.proj_in":3}})") == 1.5);
  CHECK(scale(R"({"unet.lora_alpha":8,"unet.alpha_pattern":{"^proj_in":3}})") == 4);
  CHECK(scale(R"({"text_encoder.lora_alpha":8})") == 1);

  Tensors with_alpha = tensors;
  with_alpha[name + ".alpha"] = at::scalar_tensor(6.0);
  CHECK(only_patch(read("peft", with_alpha, {{"lora_adapter_metadata", R"({"unet.lora_alpha":8})"}})).scale == 3);
}

TEST_CASE("PEFT's metadata of wrong types is refused") {
  const std::string name = "unet.mid_block.attentions.0.proj_in";
  const MemoryWeights broken(linear(name + ".lora_A.weight", name + ".lora_B.weight"),
                             {{"lora_adapter_metadata", "{"}});
  CHECK(error_of([&] { lora_format("peft")->read(broken, small_model()); }).code() == ErrorCode::bad_weights);
  for (const char* settings : {R"({"unet.lora_alpha":"x"})", R"({"unet.use_rslora":3})", R"({"unet.alpha_pattern":[]})",
                               R"({"unet.alpha_pattern":{"a":"b"}})", R"({"unet.alpha_pattern":{".*proj":3}})"}) {
    INFO(settings);
    CHECK(read("peft", linear(name + ".lora_A.weight", name + ".lora_B.weight"), {{"lora_adapter_metadata", settings}})
              .faults.size() == 1);
  }
}

TEST_CASE("the older diffusers names find attention layers of both networks") {
  const std::string out = "text_model.encoder.layers.0.self_attn.out_proj";
  const std::vector<LoraTarget> targets = {target("unet", "a.attn1.to_q"), target("unet", "a.attn1.to_out.0"),
                                           target("text_encoder", out)};
  const auto module = [&](const std::string& layer) {
    return only_patch(read("diffusers_old", linear(layer + ".down.weight", layer + ".up.weight"), {}, targets)).module;
  };
  for (const char* part : {"unet.", ""}) {
    CHECK(module(std::string(part) + "a.attn1.processor.to_q_lora") == "a.attn1.to_q");
    CHECK(module(std::string(part) + "a.attn1.processor.to_out_lora") == "a.attn1.to_out.0");
    CHECK(module(std::string(part) + "a.attn1.to_q.lora") == "a.attn1.to_q");
    CHECK(module(std::string(part) + "a.attn1.to_out.0.lora") == "a.attn1.to_out.0");
  }
  CHECK(module("text_encoder.text_model.encoder.layers.0.self_attn.to_out_lora") == out);
  CHECK(module("text_encoder.text_model.encoder.layers.0.self_attn.out_proj.lora_linear_layer") == out);
}

TEST_CASE("every module of the full-size models is found, under both layouts' names") {
  for (const char* keymap : {"keymap_sd15.json", "keymap_sdxl.json"}) {
    INFO(keymap);
    const Json names = read_json_file(std::string(ALICE_TEST_DATA "/names/") + keymap);
    std::map<std::string, std::string> ldm;
    for (const auto& entry : names["ldm_from_diffusers"].items())
      if (entry.value().size() == 1) ldm[entry.value()[0].get<std::string>()] = entry.key();

    std::vector<LoraTarget> targets;
    const std::string container = "model.diffusion_model.";
    for (const auto& entry : names["shapes"].items()) {
      const std::string& full = entry.key();
      const size_t slash = full.find('/');
      const std::string part = full.substr(0, slash);
      const auto shape = entry.value().get<std::vector<int64_t>>();
      if (part == "vae") continue;
      const auto alias = ldm.find(full);
      const std::string name = alias == ldm.end() ? "" : alias->second;
      const bool is_under = name.compare(0, container.size(), container) == 0;
      targets.push_back({part, full.substr(slash + 1), is_under ? name.substr(container.size()) : "", shape});
    }
    REQUIRE(targets.size() > 200);

    const std::map<std::string, std::string> prefixes = {
        {"unet", "lora_unet_"}, {"text_encoder", "lora_te1_"}, {"text_encoder_2", "lora_te2_"}};
    for (const bool original : {false, true}) {
      Tensors tensors;
      size_t modules = 0;
      for (const LoraTarget& target : targets) {
        if (original && target.part != "unet") continue;  // kohya names text encoders as transformers does in both
        const std::string parameter = original ? target.alias : target.parameter;
        const size_t end = parameter.rfind(".weight");
        if (end == std::string::npos || (target.shape.size() != 2 && target.shape.size() != 4)) continue;
        const std::string name = prefixes.at(target.part) + underscored(parameter.substr(0, end));
        std::vector<int64_t> down = target.shape, up = {target.shape[0], 1};
        down[0] = 1;
        if (down.size() == 4) up.insert(up.end(), {1, 1});
        tensors[name + ".lora_down.weight"] = at::zeros(1).expand(down);
        tensors[name + ".lora_up.weight"] = at::zeros(1).expand(up);
        ++modules;
      }
      const LoraRecognition recognition = read("kohya", tensors, {}, targets);
      for (const Fault& fault : recognition.faults) FAIL_CHECK(fault.sentence);
      CHECK(recognition.patches.size() == modules);
    }
  }
}

TEST_CASE("files of other kinds are recognised by nobody") {
  for (const char* name : {"unet:0:up", "conv_in.weight", "model.diffusion_model.out.0.weight",
                           "text_encoder.text_model.embeddings.weight", "emb_params", "clip_l", "a.up.weight"}) {
    INFO(name);
    CHECK(recognisers(MemoryWeights(Tensors{{name, at::ones({1})}}).index()).empty());
  }
}

TEST_CASE("a format has no options, and says so") {
  const auto& factory = low_rank_plugin().factory<LoraFormatFactory>("kohya");
  const Error error = error_of([&] { factory.create({{Json({{"alpha", 1}}), UnknownKeys::fault, json_places("")}}); });
  CHECK(error.code() == ErrorCode::bad_config);
  CHECK(error.place() == "/alpha");
}
