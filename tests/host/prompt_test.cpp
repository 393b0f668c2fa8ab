// Prompts on the goldens' models, from their text to pictures.

#include <cstring>

#include "core/host/make/counted_calls.h"
#include "core/host/named_embeddings.h"
#include "tests/host/drawing.h"
#include "tests/support/errors.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

constexpr const char* kSdxl = "sd/tiny_sdxl";

GenerateRequest small(const std::string& prompt, PromptStyle style = PromptStyle::a1111,
                      const std::string& model = kFolderModel) {
  GenerateRequest request = small_request(model);
  request.prompt = prompt;
  request.prompt_style = style;
  request.width = request.height = 64;
  request.scheduler = "euler";
  return request;
}

Tensor picture(Composer& composer, const std::string& prompt, PromptStyle style = PromptStyle::a1111) {
  return pictures(composer, small(prompt, style)).at(0);
}

/// A file of one float32 tensor [rows, 8] for each name.
std::string vectors_file(const std::vector<std::string>& names, int64_t rows, int64_t width = 8) {
  const auto bytes = static_cast<size_t>(rows * width) * sizeof(float);
  std::string header, data;
  for (const std::string& name : names) {
    header += (header.empty() ? "{\"" : ",\"") + name + "\":{\"dtype\":\"F32\",\"shape\":[" + std::to_string(rows) +
              "," + std::to_string(width) + "],\"data_offsets\":[" + std::to_string(data.size()) + "," +
              std::to_string(data.size() + bytes) + "]}";
    for (int64_t i = 0; i < rows * width; ++i) {
      const float number = 0.01F * static_cast<float>(1 + i % 7);
      char text[sizeof number];
      std::memcpy(text, &number, sizeof number);
      data.append(text, sizeof number);
    }
  }
  return safetensors_bytes(header + "}", data);
}

/// The goldens' models in a folder of their own, with embeddings.
struct Words {
  TempFolder folder;
  HostConfig config;

  Words() {
    config = golden_models();
    for (const char* id : {kFolderModel, kSdxl}) config.models[id] = find_model(golden_models(), id, false, "");
    config.models_directory = folder.path();
  }
};

}  // namespace

TEST_CASE("a prompt without syntax is the same picture in every style, bit for bit") {
  Composer composer(golden_models(), built_in_registry());
  for (const char* model : {kFolderModel, kSdxl}) {
    std::vector<Tensor> all;
    for (const PromptStyle style : {PromptStyle::plain, PromptStyle::a1111, PromptStyle::comfyui}) {
      GenerateRequest request = small("a photo of an astronaut, riding a horse", style, model);
      request.negative_prompt = "blurry, grey";
      all.push_back(pictures(composer, request).at(0));
    }
    CHECK(all[1].equal(all[0]));
    CHECK(all[2].equal(all[0]));
  }
}

TEST_CASE("nobody says a style: A1111's is meant, and a recipe that names none means plain") {
  Composer composer(golden_models(), built_in_registry());
  GenerateRequest request = small("a (red:1.5) cat");
  request.prompt_style.reset();
  const PreparedRequest prepared = composer.prepare(request, false);
  CHECK(prepared.settings.request.prompt_style == PromptStyle::a1111);
  CHECK(made(prepared).at(0).equal(picture(composer, "a (red:1.5) cat")));
  CHECK_FALSE(made(prepared).at(0).equal(picture(composer, "a (red:1.5) cat", PromptStyle::plain)));
  Json old = write_generate_request(request);
  CHECK(read_recipe(old, "").request.prompt_style == PromptStyle::plain);
  old["prompt_style"] = "comfyui";
  CHECK(read_recipe(old, "").request.prompt_style == PromptStyle::comfyui);
}

TEST_CASE("schedules that never switch, or at once, are the prompt of that side") {
  Composer composer(golden_models(), built_in_registry());
  const Tensor cat = picture(composer, "a cat"), dog = picture(composer, "a dog");
  CHECK(picture(composer, "a [cat:dog:99]").equal(cat));
  CHECK(picture(composer, "[a cat::9]").equal(cat));
  CHECK(picture(composer, "a [cat|cat]").equal(cat));
  const Tensor both = picture(composer, "a [cat:dog:.5]");
  CHECK_FALSE(both.equal(cat));
  CHECK_FALSE(both.equal(dog));
  CHECK(picture(composer, "a [cat:dog:2]").equal(both));
  CHECK_FALSE(picture(composer, "a [cat|dog]").equal(both));
  CHECK(picture(composer, "a [cat:dog:0]").equal(dog));
}

TEST_CASE("parts of AND count with their weights") {
  Composer composer(golden_models(), built_in_registry());
  const Tensor cat = picture(composer, "a cat");
  CHECK(picture(composer, "a cat AND a dog:0").equal(cat));
  CHECK_FALSE(picture(composer, "a cat AND a dog:0.4").equal(cat));
  CHECK_FALSE(picture(composer, "a cat:0.5").equal(cat));
  GenerateRequest unguided = small("a cat AND a dog:0");
  unguided.guidance_scale = 1;
  const Tensor both = pictures(composer, unguided).at(0);
  unguided.prompt = "a cat";
  CHECK((both.to(at::kInt) - pictures(composer, unguided).at(0).to(at::kInt)).abs().max().item<int64_t>() <= 1);
}

TEST_CASE("a sampler of second order builds its schedules for twice the steps") {
  Composer composer(golden_models(), built_in_registry());
  for (const auto& [scheduler, calls] : {std::pair("euler", 4), std::pair("heun", 8)}) {
    GenerateRequest request = small("a [cat|dog]");
    request.scheduler = scheduler;
    const PreparedRequest prepared = composer.prepare(request, false);
    CHECK(counted_calls(*prepared.model, prepared.settings) == calls);
  }
}

TEST_CASE("a run whose prompt changes goes on with the same bits after a break, and in a batch") {
  Composer composer(golden_models(), built_in_registry());
  for (const char* scheduler : {"euler", "heun"}) {
    GenerateRequest request = small("[a (cat:1.4)|a dog] AND [mars:the moon:.5] BREAK far away:0.4");
    request.negative_prompt = "[blurry:(grey:0.7):2]";
    request.scheduler = scheduler;
    check_goes_on(composer.prepare(request, false));
  }
}

TEST_CASE("pictures of prompts with windows, parts and changes are the same in a batch and alone") {
  Composer composer(golden_models(), built_in_registry());
  for (const char* prompt : {"[a (cat:1.4)|a dog]", "a cat AND mars:0.4", "a cat BREAK mars", "a BREAK b BREAK c",
                             "[a (cat:1.4)|a dog] AND [mars:the moon:.5] BREAK far away:0.4"}) {
    GenerateRequest request = small(prompt);
    request.negative_prompt = "[blurry:(grey:0.7):2]";
    const Tensor alone = pictures(composer, request).at(0);
    for (request.n = 2; request.n <= 4; ++request.n) {
      INFO(prompt << ", " << request.n);
      CHECK(pictures(composer, request).at(0).equal(alone));
    }
  }
}

TEST_CASE("a long prompt counts as a whole, with one and with two text encoders, whatever the negative one is") {
  Composer composer(golden_models(), built_in_registry());
  std::string words;
  for (int i = 0; i < 90; ++i) words += "cat, ";
  for (const char* model : {kFolderModel, kSdxl}) {
    GenerateRequest request = small(words + "a dog", PromptStyle::a1111, model);
    request.negative_prompt = "grey";
    const Tensor dog = pictures(composer, request).at(0);
    request.prompt = words + "a horse";
    CHECK_FALSE(pictures(composer, request).at(0).equal(dog));
    request.prompt_style = PromptStyle::plain;
    const Tensor horse = pictures(composer, request).at(0);
    request.prompt = words + "a dog";
    CHECK(pictures(composer, request).at(0).equal(horse));
  }
}

TEST_CASE("what is wrong about a prompt is told with its place before anything is drawn") {
  Composer composer(golden_models(), built_in_registry());
  const auto error = [&](GenerateRequest request) { return error_of([&] { composer.prepare(request, false); }); };
  CHECK(error(small("a (cat:1.2.3)")).place() == "/prompt");
  CHECK(says(error(small("a (cat:1.2.3)")).sentence(), "column 8"));
  GenerateRequest negative = small("a cat");
  negative.negative_prompt = "(grey:.)";
  CHECK(error(negative).place() == "/negative_prompt");
  std::string changing = "[a|b][a|b|c][a|b|c|d|e][a|b|c|d|e|f|g]";
  GenerateRequest many = small(changing);
  many.steps = 300;
  CHECK(says(error(many).sentence(), "changes into 210 texts"));
  std::string parts = "a";
  for (int i = 0; i < 20; ++i) parts += " AND b";
  CHECK(says(error(small(parts)).sentence(), "more than 16 parts"));
  CHECK(composer.prepare(small("a (cat"), false).warnings.size() == 1);
  CHECK(composer.prepare(small("a (cat", PromptStyle::plain), false).warnings.empty());
}

TEST_CASE("a word of an embedding is found by its name, used, and told") {
  Words words;
  words.folder.write("embeddings/style/Tiny Word.safetensors", vectors_file({"emb_params"}, 2));
  Composer composer(words.config, built_in_registry());
  const GenerateRequest request = small("a boat, (tiny  word:1.2), detailed");
  PreparedRequest prepared = composer.prepare(request, false);
  REQUIRE(prepared.settings.embeddings.size() == 1);
  CHECK(prepared.settings.embeddings[0].name == "Tiny Word");
  CHECK(prepared.settings.embeddings[0].vectors.at("text_encoder").size(0) == 2);
  const Recipe recipe = composer.recipes().recipe(prepared.ingredients, *prepared.model, prepared.settings);
  CHECK(recipe.embedding_sha256.at("Tiny Word").size() == 64);
  CHECK(read_recipe(write_recipe(recipe), "").embedding_sha256 == recipe.embedding_sha256);
  const Tensor with_it = made(prepared).at(0);
  prepared.settings.embeddings.clear();
  CHECK_FALSE(made(prepared).at(0).equal(with_it));
  CHECK(composer.prepare(small("a boat, tiny", PromptStyle::a1111), false).settings.embeddings.empty());
  CHECK(composer.prepare(small(request.prompt, PromptStyle::plain), false).settings.embeddings.empty());
  CHECK(composer.prepare(small("a tiny word", PromptStyle::comfyui), false).settings.embeddings.empty());
}

TEST_CASE("ComfyUI's mark names an embedding; one that is not there is told") {
  Words words;
  words.folder.write("embeddings/bad.safetensors", vectors_file({"emb_params"}, 1));
  Composer composer(words.config, built_in_registry());
  const PreparedRequest known = composer.prepare(small("a cat, embedding:bad, x", PromptStyle::comfyui), false);
  CHECK(known.settings.embeddings.size() == 1);
  const PreparedRequest absent = composer.prepare(small("embedding:none", PromptStyle::comfyui), false);
  CHECK(says(absent.warnings.at(0), "\"embedding:none\": there is no such embedding"));
}

TEST_CASE("an embedding of another family is refused by its name") {
  Words words;
  words.folder.write("embeddings/wide.safetensors", vectors_file({"emb_params"}, 1, 16));
  words.folder.write("embeddings/pair.safetensors", vectors_file({"clip_l", "clip_g"}, 2));
  words.folder.write("embeddings/nothing.safetensors", vectors_file({"weight", "bias"}, 2));
  Composer composer(words.config, built_in_registry());
  const auto told = [&](const char* prompt, const char* model) {
    const Error error = error_of([&] { composer.prepare(small(prompt, PromptStyle::a1111, model), false); });
    CHECK(error.code() == ErrorCode::bad_weights);
    return error.sentence();
  };
  CHECK(says(told("wide", kFolderModel), "'wide' has vectors of 16 numbers"));
  CHECK(says(told("a pair", kFolderModel), "'pair' is for a model with a text_encoder_2"));
  CHECK(says(told("wide", kSdxl), "another family"));
  CHECK(says(told("nothing", kSdxl), "no word that a format knows"));
  CHECK(composer.prepare(small("a pair", PromptStyle::a1111, kSdxl), false).settings.embeddings.size() == 1);
}

TEST_CASE("words that are bundled with a LoRA go with it") {
  Words words;
  const std::string lora = std::string(ALICE_TEST_DATA) + "/goldens/lora/kohya_linear.safetensors";
  const auto file = words.folder.write(
      "words.safetensors", vectors_file({"bundle_emb.shiny.string_to_param.*", "bundle_emb.xl.clip_l"}, 2));
  const auto model = Composer(words.config, built_in_registry()).compose(kFolderModel, false);
  const std::vector<Embedding> found = bundled_embeddings(*built_in_registry(), *model, file);
  std::vector<std::string> names;
  for (const Embedding& embedding : found) names.push_back(embedding.name);
  CHECK(names == std::vector<std::string>{"shiny", "xl"});
  CHECK(bundled_embeddings(*built_in_registry(), *model, lora).empty());
}
