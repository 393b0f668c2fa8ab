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

TEST_CASE("a flow's levels move with the size of the picture, if its model says so") {
  Composer composer(golden_models(), built_in_registry());
  const auto second_sigma = [&](int64_t width) {
    GenerateRequest request = small_request(kFolderModel);
    request.width = width;
    request.scheduler = "euler";
    request.scheduler_options = {{"prediction_type", "flow_prediction"}, {"use_dynamic_shifting", true}};
    return plan_of(composer.prepare(request, false).settings).levels[1].sigma;
  };
  CHECK(second_sigma(256) > second_sigma(128));
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
  std::filesystem::copy(goldens / "models/tiny_sd15/vae/diffusion_pytorch_model.safetensors",
                        folder / "vae.safetensors");
  std::filesystem::copy(goldens / "models/tiny_sd15/text_encoder/model.safetensors", folder / "text.safetensors");
  const auto write = [&](const std::string& file, const std::string& tensor) {
    write_safetensors(folder / file, {{tensor, at::zeros({2, 4})}});
  };
  write("control.safetensors", "control_model.input_blocks.0.0.weight");
  write("esrgan.safetensors", "model.1.sub.0.RDB1.conv1.0.weight");
  write("embedding.safetensors", "emb_params");
  write("word.safetensors", "<word>");
  write_safetensors(folder / "other.safetensors", {{"a", at::zeros({1})}, {"b", at::zeros({2, 2})}});
  folder.write("old.ckpt", "PK\3\4");
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
  CHECK(says(said["sd/old"], "is cut off"));
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
  CHECK(first->text_encoders == second->text_encoders);
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

TEST_CASE("a picture larger than its model may make is refused before anything of the model is loaded") {
  std::vector<std::string> loaded;
  HostConfig config = golden_models();
  const auto check = [&](int64_t width, int64_t height, const std::string& key) {
    Composer composer(config, built_in_registry(), [&](const LoadedModel& model) { loaded.push_back(model.id); });
    GenerateRequest request = small_request(kFolderModel);
    request.width = width;
    request.height = height;
    const Error error = error_of([&] { composer.prepare(request, false); });
    CHECK(error.code() == ErrorCode::bad_request);
    CHECK(error.place() == (height > width ? "/height" : "/width"));
    for (const std::string& words : {to_text({width, height}), std::string("64x64"), key})
      CHECK(says(error.sentence(), words));
  };
  check(256, 264, "generation.max_pixels");
  config.max_pixels = 128 * 128;
  check(256, 128, "generation.max_pixels");
  ModelConfig model = find_model(config, kFolderModel, false, "");
  model.max_pixels = 64 * 64;
  config.models[kFolderModel] = model;
  check(128, 64, "models.sd/tiny_sd15.max_pixels");
  CHECK(loaded.empty());

  config.models[kFolderModel].max_pixels = 0;  // any number
  Composer composer(config, built_in_registry());
  GenerateRequest request = small_request(kFolderModel);
  request.width = 512;
  CHECK(composer.prepare(request, false).settings.width == 512);
}

TEST_CASE("what is made from a larger picture than the model makes is smaller where that is asked for, else refused") {
  Composer composer(golden_models(), built_in_registry());
  GenerateRequest request = small_request(kFolderModel);
  request.width = request.height = std::nullopt;
  request.image = PictureInput{std::string(64, '0')};
  InputPictures inputs;
  inputs.image.rgb = at::full({400, 800, 3}, 128, at::kByte);
  const Error error = error_of([&] { composer.prepare(request, false, inputs); });
  CHECK(says(error.sentence(), "800x400 are 320,000 pixels"));
  request.fit = true;
  const PreparedRequest prepared = composer.prepare(request, false, inputs);
  CHECK(prepared.settings.width == 360);
  CHECK(prepared.settings.height == 176);
  std::vector<std::string> warnings;  // of an estimate, which is made before
  const auto plan = composer.blueprint(kFolderModel, false);
  CHECK(composer.settle(request, inputs, *plan, *prepared.model, warnings).width == 360);
  CHECK(warnings.size() == 1);
  const auto is_told = [](const std::string& warning) { return says(warning, "800x400"); };
  CHECK(std::count_if(prepared.warnings.begin(), prepared.warnings.end(), is_told) == 1);
  inputs.image.rgb = inputs.image.rgb.narrow(0, 0, 40).narrow(1, 0, 72);
  CHECK(composer.prepare(request, false, inputs).settings.width == 72);
  request.width = 64;
  inputs.image.rgb = at::full({400, 800, 3}, 128, at::kByte);
  CHECK(composer.prepare(request, false, inputs).settings.height == 32);
}

TEST_CASE("how large pictures may be, and who says so, stands in a model's explanation and among the models") {
  HostConfig config = golden_models();
  const auto explained = [&] {
    std::string text;
    const auto plan = Composer(config, built_in_registry()).blueprint(kFolderModel, false);
    for (const Explained& line : plan->explanation) text += line.what + " " + line.value + " <- " + line.origin + "\n";
    return text;
  };
  CHECK(says(explained(), "native size 64x64"));
  CHECK(says(explained(), "max pixels 65536 <- built-in: four times the native size, at least 256x256"));
  config.max_pixels = 0;
  CHECK(says(explained(), "max pixels any number <- generation.max_pixels"));
  Composer composer(config, built_in_registry());
  for (const ModelStatus& model : composer.models())
    if (model.id == kFolderModel) CHECK(to_text(model.size.native) == "64x64");
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

TEST_CASE("a tensor that belongs to no part of a single file refuses nothing, and is named in a warning") {
  const TempFolder folder;
  const auto model = SafetensorsFile::open(golden_models().models_directory / "tiny_sd15.safetensors");
  std::map<std::string, Tensor> tensors;
  for (const auto& tensor : model->index().tensors) tensors[tensor.first] = model->tensor(tensor.first);
  tensors["a.tensor.of.nobody"] = at::zeros({2});
  tensors["training_info.steps_done"] = at::zeros({}, at::kLong);
  write_safetensors(folder / "odd.safetensors", tensors, {});
  std::filesystem::copy(golden_models().models_directory / "tiny_sd15.json", folder / "odd.json");
  HostConfig config;
  config.models_directory = folder.path();
  Composer composer(config, built_in_registry());
  CHECK(composer.models().at(0).unavailable == "");
  const PreparedRequest prepared = composer.prepare(small_request("sd/odd"), false);
  REQUIRE(prepared.warnings.size() == 1);
  CHECK(says(prepared.warnings[0], "sd/odd: 2 tensors belong to no part"));
  CHECK(says(prepared.warnings[0], "'a.tensor.of.nobody', 'training_info.steps_done'"));

  tensors.erase("a.tensor.of.nobody");  // what the world adds is known
  tensors.erase("training_info.steps_done");
  tensors["model_ema.decay"] = at::zeros({});
  tensors["betas"] = at::zeros({1000});
  tensors["alphas_cumprod"] = at::zeros({1000});
  tensors["cond_stage_model.transformer.text_model.embeddings.position_ids"] = at::zeros({1, 77}, at::kLong);
  write_safetensors(folder / "odd.safetensors", tensors, {});
  CHECK(composer.models().at(0).unavailable == "");
  CHECK(composer.prepare(small_request("sd/odd"), false).warnings.empty());

  tensors.erase("model.diffusion_model.out.2.bias");  // and what is missing refuses
  write_safetensors(folder / "odd.safetensors", tensors, {});
  CHECK(says(composer.models().at(0).unavailable, "model.diffusion_model.out.2.bias"));
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
  CHECK(told[1].backend == built_in_registry()->of<BackendFactory>().all().front()->info().id);
}

TEST_CASE("syntax of other programs in a prompt is told, and the prompt is drawn as it is") {
  Composer composer(golden_models(), built_in_registry());
  GenerateRequest request = small_request(kFolderModel);
  request.prompt = "a (red:1.3) cat";
  request.negative_prompt = "[blurry|dull]";
  CHECK(composer.prepare(request, false).warnings.empty());
  request.prompt_style = PromptStyle::plain;
  const PreparedRequest prepared = composer.prepare(request, false);
  REQUIRE(prepared.warnings.size() == 2);
  CHECK(says(prepared.warnings[0], "/prompt: \"(red:1.3)\" at column 3 is taken literally"));
  CHECK(says(prepared.warnings[1], "/negative_prompt: \"[blurry|dull]\""));
  CHECK(prepared.settings.prompt == request.prompt);
}

TEST_CASE("a sampler for distilled networks is cautioned of, but not where a LoRA may make the network one") {
  Composer composer(golden_models(), built_in_registry());
  GenerateRequest request = small_request(kFolderModel);
  request.scheduler = "lcm";
  REQUIRE(composer.prepare(request, false).warnings.size() == 1);
  CHECK(says(composer.prepare(request, false).warnings[0], "/scheduler: lcm is for networks that were distilled"));
  request.loras = {{std::string(ALICE_TEST_DATA) + "/goldens/lora/peft.safetensors", 1}};
  CHECK(composer.prepare(request, true).warnings.empty());
}

TEST_CASE("a VAE from elsewhere is compared with the model's own: other channels are refused, other latents are told") {
  const TempFolder folder;
  namespace fs = std::filesystem;
  const fs::path own = golden_models().models_directory / "tiny_sd15/vae";
  const auto with_vae = [&](const Json& changes, const std::map<std::string, Tensor>& tensors) {
    const fs::path vae = folder / ("vae" + std::to_string(std::distance(fs::directory_iterator(folder.path()), {})));
    fs::create_directories(vae);
    Json config = read_json_file(own / "config.json");
    config.update(changes);
    folder.write(vae.filename().string() + "/config.json", config.dump());
    write_safetensors(vae / "diffusion_pytorch_model.safetensors", tensors);
    ModelConfig model = find_model(golden_models(), kFolderModel, false, "");
    model.parts["vae"].source = vae;
    return make_blueprint(*built_in_registry(), HostConfig(), model);
  };
  const auto source = SafetensorsFile::open(own / "diffusion_pytorch_model.safetensors");
  std::map<std::string, Tensor> same;
  for (const auto& tensor : source->index().tensors) same[tensor.first] = source->tensor(tensor.first);
  CHECK(with_vae(Json::object(), same).warnings.empty());

  const Blueprint scaled = with_vae({{"scaling_factor", 0.5}}, same);
  REQUIRE(scaled.warnings.size() == 1);
  CHECK(says(scaled.warnings[0].sentence, "scaling factor 0.5, the model's own has 0.18215"));
  CHECK(scaled.faults.empty());

  const Blueprint wider = with_vae({{"latent_channels", 16}}, same);
  const auto is_of_channels = [](const Fault& fault) {
    return says(fault.sentence, "latent channels 16, the model's own has 4");
  };
  CHECK(std::any_of(wider.faults.begin(), wider.faults.end(), is_of_channels));

  const Blueprint smaller = with_vae({{"block_out_channels", {32, 32}},
                                      {"down_block_types", {"DownEncoderBlock2D", "DownEncoderBlock2D"}},
                                      {"up_block_types", {"UpDecoderBlock2D", "UpDecoderBlock2D"}}},
                                     same);
  REQUIRE_FALSE(smaller.warnings.empty());
  CHECK(says(all_warnings(smaller)[0].sentence + all_warnings(smaller).back().sentence,
             "pixels a latent 2, the model's own has 8"));
}
