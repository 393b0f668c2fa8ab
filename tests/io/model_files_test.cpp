#include "core/io/model_files.h"

#include "core/io/named_path.h"
#include "tests/support/errors.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

const std::string kModels = ALICE_TEST_DATA "/goldens/models/";

std::vector<std::string> part_names(const StoredModel& model) {
  std::vector<std::string> names;
  for (const auto& [name, files] : model.parts) names.push_back(name);
  return names;
}

/// A folder of one part, with the given model_index.json.
void write_folder(const TempFolder& folder, const std::string& index) {
  folder.write("model_index.json", index);
  folder.write("unet/model.safetensors", tiny_safetensors("a"));
}

}  // namespace

TEST_CASE("a diffusers folder gives its parts, with their tokenizers' files") {
  const StoredModel model = open_model(kModels + "tiny_sd15");
  CHECK(model.is_folder);
  CHECK(model.pipeline_class == "StableDiffusionPipeline");
  CHECK(part_names(model) == std::vector<std::string>{"text_encoder", "unet", "vae"});
  CHECK(model.classes.at("unet") == "UNet2DConditionModel");
  CHECK(model.classes.at("scheduler") == "PNDMScheduler");
  CHECK(model.classes.count("safety_checker") == 0);
  CHECK(model.scheduler_config["beta_schedule"] == "scaled_linear");
  const ModelFiles& text = model.parts.at("text_encoder");
  CHECK(text.place == kModels + "tiny_sd15/text_encoder");
  CHECK(text.config["hidden_size"] == 8);
  CHECK(text.assets.count("vocab.json") == 1);
  CHECK(text.assets.count("merges.txt") == 1);
  CHECK(model.parts.at("unet").assets.empty());
}

TEST_CASE("a second text encoder gets the second tokenizer's files, through links too") {
  const StoredModel model = open_model(kModels + "tiny_sdxl");
  CHECK(part_names(model) == std::vector<std::string>{"text_encoder", "text_encoder_2", "unet", "vae"});
  CHECK(model.parts.at("text_encoder").assets.at("tokenizer_config.json") ==
        kModels + "tiny_sdxl/tokenizer/tokenizer_config.json");
  CHECK(model.parts.at("text_encoder_2").assets.at("tokenizer_config.json") ==
        kModels + "tiny_sdxl/tokenizer_2/tokenizer_config.json");
  CHECK(std::filesystem::exists(model.parts.at("text_encoder_2").assets.at("vocab.json")));
}

TEST_CASE("a single file gives every part the whole of its tensors, and the settings beside it") {
  const StoredModel model = open_model(kModels + "tiny_sd15.safetensors");
  CHECK_FALSE(model.is_folder);
  CHECK(model.parts.size() == 4);
  CHECK(model.parts.at("unet").weights == model.parts.at("vae").weights);
  CHECK(model.parts.at("unet").config["cross_attention_dim"] == 8);
  CHECK(model.parts.at("text_encoder").config["num_attention_heads"] == 2);
  CHECK(model.parts.at("text_encoder_2").config.is_null());
  CHECK(model.scheduler_config["num_train_timesteps"] == 1000);
  CHECK(model.classes.empty());
}

TEST_CASE("settings are found under both names, the fuller one first") {
  const TempFolder folder;
  const auto file = folder.write("x.safetensors", tiny_safetensors("a"));
  CHECK(open_model(file).parts.at("unet").config.is_null());
  folder.write("x.json", R"({"unet":{"a":1},"notes":"passed over","vae":null})");
  CHECK(open_model(file).parts.at("unet").config["a"] == 1);
  CHECK(open_model(file).parts.at("vae").config.is_null());
  folder.write("x.safetensors.json", R"({"unet":{"a":2}})");
  CHECK(open_model(file).parts.at("unet").config["a"] == 2);
}

TEST_CASE("settings of wrong types are errors that name file and member") {
  const TempFolder folder;
  const auto file = folder.write("x.safetensors", tiny_safetensors("a"));
  for (const char* name : {"unet", "vae", "text_encoder", "text_encoder_2", "scheduler"}) {
    for (const char* value : {"3", "[]", "true"}) {
      folder.write("x.json", std::string("{\"") + name + "\":" + value + "}");
      const Error error = error_of([&] { open_model(file); });
      CHECK(error.code() == ErrorCode::bad_weights);
      CHECK(error.place() == (folder / "x.json").string());
      CHECK(says(error.sentence(), std::string("'") + name + "'"));
    }
  }
  folder.write("x.json", "[]");
  CHECK(error_of([&] { open_model(file); }).place() == (folder / "x.json").string());
}

TEST_CASE("a text where a part's settings belong is somebody else's: a warning, and the rest counts") {
  const TempFolder folder;
  const auto file = folder.write("x.safetensors", tiny_safetensors("a"));
  folder.write("x.json", R"({"vae":"Automatic","unet":{"a":1},"description":"mine","notes":""})");
  const StoredModel model = open_model(file);
  CHECK(model.parts.at("vae").config.is_null());
  CHECK(model.parts.at("unet").config["a"] == 1);
  REQUIRE(model.warnings.size() == 1);
  CHECK(model.warnings[0].place == (folder / "x.json").string());
  CHECK(says(model.warnings[0].sentence, "'vae'"));
  CHECK(says(model.warnings[0].sentence, "Automatic"));
}

TEST_CASE("what settings name lies among the models, or beside a file that is elsewhere") {
  const TempFolder folder;
  const auto file = folder.write("models/sub/x.safetensors", tiny_safetensors("a"));
  folder.write("models/words/merges.txt", "x");
  folder.write("models/sub/words/merges.txt", "x");
  folder.write("outside/merges.txt", "x");
  std::filesystem::create_directory_symlink(folder / "outside", folder / "models/linked");
  const auto names = [&](const std::string& tokenizer, const std::filesystem::path& models) {
    folder.write("models/sub/x.json", Json{{"tokenizer", tokenizer}}.dump());
    return open_model(file, "", models).parts.at("text_encoder").assets.count("merges.txt") == 1;
  };
  const auto models = folder / "models";
  CHECK(names("words", models));
  CHECK(names("../words", models));
  CHECK(names((models / "words").string(), models));
  CHECK(names("../linked", models));  // a real link, which whoever runs this made
  CHECK(names("words", {}));
  for (const std::string& tokenizer :
       {std::string("../../outside"), (folder / "outside").string(), std::string("/etc"),
        std::string("../linked/../../outside"), std::string("..\0/x", 5), std::string()}) {
    INFO(tokenizer);
    const Error error = error_of([&] { names(tokenizer, models); });
    CHECK(error.code() == ErrorCode::bad_weights);
    CHECK(error.place() == (folder / "models/sub/x.json").string());
    CHECK(says(error.sentence(), "'tokenizer'"));
  }
  CHECK(says(error_of([&] { names("../words", {}); }).sentence(), "lies outside"));
}

TEST_CASE("a path within the same model of a Hugging Face cache is within") {
  const std::filesystem::path cache = "/data/hub/models--a--b", folder = cache / "snapshots/1/unet";
  CHECK(named_within(folder, folder, "../../../blobs/x") == cache / "blobs/x");
  CHECK(named_within(folder, folder, "../../../../models--a--c/blobs/x").empty());
  CHECK(named_within("/data/x", "/data/x", "../y").empty());
  CHECK(named_within("/data/x", "/data/x", "../xy").empty());
  CHECK(named_within("/data/x", "/data/x", "a/../../x/b") == "/data/x/b");
  CHECK(named_within("/data/x/", "/data/x", ".") == "/data/x");
}

TEST_CASE("what is no file of tensors and what is not there are told apart") {
  const TempFolder folder;
  CHECK(error_of([&] { open_model(folder.write("x.ckpt", "no weights")); }).code() == ErrorCode::bad_weights);
  CHECK(error_of([&] { open_model(folder / "none.safetensors"); }).code() == ErrorCode::not_found);
  const Error error = error_of([&] { open_model(folder.path()); });
  CHECK(error.code() == ErrorCode::not_found);
  CHECK(says(error.sentence(), "model_index.json"));
}

TEST_CASE("a model_index.json of wrong types is an error") {
  for (const char* index :
       {"", "[]", "3", "null", "{", R"({"unet":3})", R"({"unet":"UNet2DConditionModel"})", R"({"unet":["diffusers"]})",
        R"({"unet":["diffusers",3]})", R"({"unet":[null,"X"]})", R"({"unet":["diffusers",null]})", R"({"unet":{}})",
        R"({"scheduler":true})", R"({"tokenizer":[1,2]})", R"({"_class_name":3})"}) {
    INFO(index);
    const TempFolder folder;
    write_folder(folder, index);
    const Error error = error_of([&] { open_model(folder.path()); });
    CHECK(error.code() == ErrorCode::bad_weights);
    CHECK(says(error.place(), "model_index.json"));
  }
}

TEST_CASE("settings of a pipeline are no parts") {
  const TempFolder folder;
  write_folder(
      folder,
      R"({"unet":["diffusers","X"],"vae":null,"requires_safety_checker":false,"sizes":[1,2],"tags":["a","b","c"],"n":3})");
  CHECK(part_names(open_model(folder.path())) == std::vector<std::string>{"unet"});
}

TEST_CASE("a part or scheduler that is named and not there is an error") {
  const TempFolder folder;
  write_folder(folder, R"({"unet":["diffusers","X"],"vae":["diffusers","Y"]})");
  const Error part = error_of([&] { open_model(folder.path()); });
  CHECK(part.code() == ErrorCode::bad_weights);
  CHECK(says(part.sentence(), "'vae'"));
  write_folder(folder, R"({"unet":["diffusers","X"],"scheduler":["diffusers","Y"]})");
  CHECK(says(error_of([&] { open_model(folder.path()); }).sentence(), "scheduler_config.json"));
}

TEST_CASE("one part is opened from its own folder, a whole model's, or a file") {
  CHECK(open_part(kModels + "tiny_sd15/vae", "vae").weights->index().contains("decoder.conv_in.weight"));
  CHECK(open_part(kModels + "tiny_sd15", "vae").weights->index().contains("decoder.conv_in.weight"));
  const ModelFiles file = open_part(kModels + "tiny_sd15.safetensors", "vae");
  CHECK(file.weights->index().contains("first_stage_model.decoder.conv_in.weight"));
  CHECK(file.config["latent_channels"] == 4);
  CHECK(error_of([] { open_part(kModels + "tiny_sd15", "text_encoder_2"); }).code() == ErrorCode::not_found);
}
