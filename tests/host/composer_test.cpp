#include "core/host/composer.h"

#include <algorithm>

#include "core/io/safetensors_file.h"
#include "core/io/safetensors_writer.h"
#include "tests/host/models.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("folders and files of the models folder appear by themselves, and no two collide") {
  const TempFolder folder;
  folder.write("both/model_index.json", "{}");
  folder.write("both.safetensors", "x");
  folder.write("alone.safetensors", "x");
  folder.write("group/inner.safetensors", "x");
  folder.write("group/other/model_index.json", "{}");
  folder.write("loras/style.safetensors", "x");
  folder.write(".hidden/model_index.json", "{}");
  folder.write("notes.txt", "x");
  HostConfig config;
  config.models_directory = folder.path();
  std::vector<std::string> ids;
  for (const auto& model : list_models(config)) ids.push_back(model.first);
  CHECK(ids ==
        std::vector<std::string>{"sd/alone", "sd/both", "sd/both.safetensors", "sd/group/inner", "sd/group/other"});
}

TEST_CASE("a model is found by id, by bare name, and by path only where paths are allowed") {
  const HostConfig config = golden_models();
  CHECK(find_model(config, "sd/tiny_sd15", false, "/model").id == "sd/tiny_sd15");
  CHECK(find_model(config, "tiny_sd15", false, "/model").id == "sd/tiny_sd15");
  const std::string path = (config.models_directory / "tiny_sd15").string();
  CHECK(find_model(config, path, true, "/model").source == path);
  CHECK(error_of([&] { find_model(config, path, false, "/model"); }).code() == ErrorCode::not_found);
  const Error error = error_of([&] { find_model(config, "sd/tiny_sd16", false, "/model"); });
  CHECK(error.place() == "/model");
  CHECK(says(error.sentence(), "did you mean 'sd/tiny_sd15'"));
}

TEST_CASE("a model that cannot be composed is listed as unavailable with the reason, and the others work") {
  const TempFolder folder;
  folder.write("broken.safetensors", "no tensors here");
  folder.write("half/model_index.json",
               R"({"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"]})");
  HostConfig config = golden_models();
  config.models_directory = folder.path();
  ModelConfig good = find_model(golden_models(), kFolderModel, false, "");
  good.id = "sd/good";
  config.models["sd/good"] = good;

  size_t available = 0;
  Composer composer(config, built_in_registry());
  for (const ModelStatus& model : composer.models()) {
    INFO(model.id << ": " << model.unavailable);
    if (model.unavailable.empty())
      ++available;
    else
      CHECK_FALSE(model.unavailable.empty());
  }
  CHECK(composer.models().size() == 3);
  CHECK(available == 1);
}

TEST_CASE("what lies among the models and is none is called what it is, in one sentence") {
  const TempFolder folder;
  const std::filesystem::path goldens = std::filesystem::path(ALICE_TEST_DATA) / "goldens";
  std::filesystem::copy(goldens / "lora/kohya_linear.safetensors", folder / "style.safetensors");
  std::filesystem::copy(goldens / "lora/peft.safetensors", folder / "peft.safetensors");
  std::filesystem::copy(goldens / "models/tiny_sd15/vae/diffusion_pytorch_model.safetensors", folder / "vae.safetensors");
  std::filesystem::copy(goldens / "models/tiny_sd15/text_encoder/model.safetensors", folder / "text.safetensors");
  const auto write = [&](const std::string& file, const std::string& tensor) {
    write_safetensors(folder / file, {{tensor, at::zeros({2, 4})}});
  };
  write("control.safetensors", "control_model.input_blocks.0.0.weight");
  write("esrgan.safetensors", "model.1.sub.0.RDB1.conv1.0.weight");
  write("embedding.safetensors", "emb_params");
  write("word.safetensors", "<word>");
  write_safetensors(folder / "other.safetensors", {{"a", at::zeros({1})}, {"b", at::zeros({2, 2})}});
  folder.write("old.ckpt", "PK");
  HostConfig config;
  config.models_directory = folder.path();
  std::map<std::string, std::string> said;
  for (const ModelStatus& model : Composer(config, built_in_registry()).models()) {
    said[model.id] = model.unavailable;
    CHECK(std::count(model.unavailable.begin(), model.unavailable.end(), '\n') == 0);
  }
  CHECK(says(said["sd/style"], "is a LoRA"));
  CHECK(says(said["sd/peft"], "is a LoRA"));
  CHECK(says(said["sd/vae"], "is a VAE alone"));
  CHECK(says(said["sd/text"], "is a text encoder alone"));
  CHECK(says(said["sd/control"], "is a ControlNet"));
  CHECK(says(said["sd/esrgan"], "is an upscaler"));
  CHECK(says(said["sd/embedding"], "embedding"));
  CHECK(says(said["sd/word"], "embedding"));
  CHECK(says(said["sd/old.ckpt"], "is a pickle"));
  CHECK(says(said["sd/other"], "is no model"));
}

TEST_CASE("a file without a VAE says where another is named") {
  const TempFolder folder;
  const auto whole = SafetensorsFile::open(golden_models().models_directory / "tiny_sd15.safetensors");
  std::map<std::string, Tensor> tensors;
  for (const auto& tensor : whole->index().tensors)
    if (tensor.first.rfind("first_stage_model", 0) != 0) tensors[tensor.first] = whole->tensor(tensor.first);
  write_safetensors(folder / "half.safetensors", tensors);
  std::filesystem::copy(golden_models().models_directory / "tiny_sd15.json", folder / "half.json");
  std::filesystem::create_directory_symlink(golden_models().models_directory / "clip_vocab", folder / "clip_vocab");
  HostConfig config;
  config.models_directory = folder.path();
  const Composer composer(config, built_in_registry());
  CHECK(says(error_of([&] { composer.blueprint("sd/half", false); }).sentence(), "vae: {source:"));
}

TEST_CASE("models that name the same files share their parts") {
  HostConfig config = golden_models();
  ModelConfig twin = find_model(config, kFolderModel, false, "");
  twin.id = "sd/twin";
  config.models[twin.id] = twin;
  Composer composer(config, built_in_registry());
  const auto first = composer.compose(kFolderModel, false);
  const auto second = composer.compose("sd/twin", false);
  CHECK(first->unet == second->unet);
  CHECK(first->vae == second->vae);
  CHECK(first->text_encoder == second->text_encoder);
  CHECK(composer.compose(kFolderModel, false) == first);
}

TEST_CASE("every fault of a request is reported at once, with its place") {
  Composer composer(golden_models(), built_in_registry());
  GenerateRequest request = small_request(kFolderModel);
  request.width = 130;
  request.height = 4;
  request.clip_skip = 50;
  const std::string what = error_of([&] { composer.prepare(request, false); }).what();
  CHECK(says(what, "/width: must be a multiple of 8"));
  CHECK(says(what, "128 or 136"));
  CHECK(says(what, "/height"));
  CHECK(says(what, "/clip_skip"));
}

TEST_CASE("what a request says in vain is a warning") {
  Composer composer(golden_models(), built_in_registry());
  GenerateRequest request = small_request(kFolderModel);
  request.guidance_scale = 1;
  request.negative_prompt = "blurry";
  const PreparedRequest prepared = composer.prepare(request, false);
  REQUIRE(prepared.warnings.size() == 1);
  CHECK(says(prepared.warnings[0], "/negative_prompt"));
}

TEST_CASE("an unknown scheduler option of a request is an error with its place") {
  Composer composer(golden_models(), built_in_registry());
  GenerateRequest request = small_request(kFolderModel);
  request.scheduler_options = {{"timestep_spacin", "leading"}};
  const Error error = error_of([&] { composer.prepare(request, false); });
  CHECK(error.code() == ErrorCode::bad_request);
  CHECK(error.place() == "/scheduler_options/timestep_spacin");
  CHECK(says(error.sentence(), "did you mean 'timestep_spacing'"));
}

TEST_CASE("the noise schedule may be changed with a request's scheduler options") {
  Composer composer(golden_models(), built_in_registry());
  GenerateRequest request = small_request(kFolderModel);
  request.scheduler_options = {{"prediction_type", "v_prediction"}};
  CHECK(composer.prepare(request, false).settings.scheduler.noise_model->prediction() == Prediction::v_prediction);
}

TEST_CASE("a single file with a tensor that belongs to no part is unavailable, and the tensor is named") {
  const TempFolder folder;
  const auto model = SafetensorsFile::open(golden_models().models_directory / "tiny_sd15.safetensors");
  std::map<std::string, Tensor> tensors;
  for (const auto& tensor : model->index().tensors) tensors[tensor.first] = model->tensor(tensor.first);
  tensors["a.tensor.of.nobody"] = at::zeros({2});
  write_safetensors(folder / "odd.safetensors", tensors, {});
  std::filesystem::copy(golden_models().models_directory / "tiny_sd15.json", folder / "odd.json");
  HostConfig config;
  config.models_directory = folder.path();
  Composer composer(config, built_in_registry());
  CHECK(says(composer.models().at(0).unavailable, "a.tensor.of.nobody"));
  const Error error = error_of([&] { composer.compose("sd/odd", false); });
  CHECK(error.code() == ErrorCode::bad_weights);

  tensors.erase("a.tensor.of.nobody");  // what the world adds is known
  tensors["model_ema.decay"] = at::zeros({});
  tensors["betas"] = at::zeros({1000});
  tensors["alphas_cumprod"] = at::zeros({1000});
  tensors["cond_stage_model.transformer.text_model.embeddings.position_ids"] = at::zeros({1, 77}, at::kLong);
  write_safetensors(folder / "odd.safetensors", tensors, {});
  CHECK(composer.models().at(0).unavailable == "");
}

TEST_CASE("each load of a model is told once, with its backend") {
  HostConfig config = golden_models();
  config.backends["mine"] = {"cpu", {{"dtype", "float32"}}, json_places("backends/mine")};
  ModelConfig named = find_model(config, kFileModel, false, "");
  named.backend = "mine";
  config.models[kFileModel] = named;
  std::vector<LoadedModel> told;
  Composer composer(config, built_in_registry(), [&](const LoadedModel& model) { told.push_back(model); });
  for (int time = 0; time < 2; ++time) composer.compose(kFileModel, false);
  REQUIRE(told.size() == 1);
  CHECK(told[0].id == kFileModel);
  CHECK(told[0].backend == "mine");
  CHECK(says(told[0].device, "float32"));
  CHECK(told[0].seconds > 0);
  composer.compose(kFolderModel, false);
  REQUIRE(told.size() == 2);
  CHECK(told[1].id == kFolderModel);
  CHECK(told[1].backend == built_in_registry()->backends().all().front()->info().id);
}
