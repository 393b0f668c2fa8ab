// A second model that makes the last steps.

#include "core/host/refining.h"

#include "core/base/infotext.h"
#include "tests/host/drawing.h"
#include "tests/host/every_scheduler.h"
#include "tests/host/golden_folders.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;
namespace fs = std::filesystem;

namespace {

constexpr const char* kTwoEncoders = "sd/tiny_sdxl";
constexpr const char* kOther = "sd/other";  // another network for the same latents

HostConfig models_of_same_latents() {
  HostConfig config = golden_models();
  ModelConfig other;
  other.id = kOther;
  other.source = config.models_directory / "tiny_sd15";
  other.parts["vae"].source = config.models_directory / "tiny_sdxl" / "vae";
  config.models[kOther] = other;
  return config;
}

GenerateRequest refined_request(const std::string& scheduler, double start) {
  GenerateRequest request = small_request(kTwoEncoders);
  request.width = request.height = 64;
  request.scheduler = scheduler;
  request.refiner = kOther;
  request.refiner_start = start;
  return request;
}

const fs::path kSecondSet = fs::path(ALICE_TEST_DATA) / "goldens2";

/// Those of the second set, put together in `folder`.
HostConfig second_models(const TempFolder& folder) {
  fs::copy(kSecondSet / "models", folder / "models", fs::copy_options::recursive);
  add_shared_parts(folder / "models");
  HostConfig config = golden_models();
  config.models_directory = folder / "models";
  return config;
}

}  // namespace

TEST_CASE("a refined picture is that of the reference's two pipelines") {
  const TempFolder folder;
  Composer composer(second_models(folder), built_in_registry());
  const Json table = read_json_file(kSecondSet / "sdxl/images.json");
  for (const char* id : {"handover_0_refiner", "handover_2_refiner"}) {
    INFO(id);
    const Json& cases = table.at("cases");
    const Json& run = *std::find_if(cases.begin(), cases.end(), [&](const Json& one) { return one.at("id") == id; });
    const Json& args = run.at("args");
    GenerateRequest request;
    request.model = kTwoEncoders;
    request.refiner = "sd/tiny_sdxl_refiner";
    request.refiner_start = args.at("denoising_start").get<double>();
    request.prompt = args.at("prompt").get<std::string>();
    request.negative_prompt = args.at("negative_prompt").get<std::string>();
    request.steps = args.at("num_inference_steps").get<int64_t>();
    request.guidance_scale = args.at("guidance_scale").get<double>();
    request.width = request.height = run.at("shape").at(1).get<int64_t>();
    request.seed = run.at("seed").get<int64_t>();
    const auto scheduler = run.at("scheduler").get<std::string>();
    request.scheduler = built_in_registry()->of<SchedulerFactory>().find_class(scheduler)->info().id;
    const Tensor levels = pictures(composer, request).at(0).to(at::kDouble);
    CHECK(levels.mean().item<double>() == Approx(run.at("mean").get<double>()).margin(0.05));
    CHECK(levels.std(false).item<double>() == Approx(run.at("std").get<double>()).margin(0.05));
  }
}

TEST_CASE("a refiner whose only text encoder is called the first is the same refiner") {
  const TempFolder folder;
  const HostConfig config = second_models(folder);
  const fs::path model = config.models_directory / "tiny_sdxl_refiner", draft = config.models_directory / "draft";
  fs::copy(model, draft, fs::copy_options::recursive);
  Json index = read_json_file(model / "model_index.json");
  for (const std::string part : {"text_encoder", "tokenizer"}) {
    fs::rename(draft / (part + "_2"), draft / part);
    index[part] = index.at(part + "_2");
    index.erase(part + "_2");
  }
  folder.write("models/draft/model_index.json", index.dump());
  Composer composer(config, built_in_registry());
  GenerateRequest request = small_request("sd/tiny_sdxl_refiner");
  request.width = request.height = 64;
  const Tensor picture = pictures(composer, request).at(0);
  request.model = "sd/draft";
  CHECK(pictures(composer, request).at(0).equal(picture));
}

TEST_CASE("a model that refines itself makes the picture that it makes alone, where a step knows nothing of others") {
  Composer composer(models_of_same_latents(), built_in_registry());
  for (const char* scheduler : {"euler", "euler_a", "ddim"}) {
    GenerateRequest request = refined_request(scheduler, 0.5);
    request.refiner.reset();
    request.refiner_start.reset();
    const Tensor alone = pictures(composer, request).at(0);
    request.refiner = kTwoEncoders;
    for (const double start : {0.0, 0.3, 0.5, 0.9, 1.0}) {
      CAPTURE(scheduler, start);
      request.refiner_start = start;
      CHECK(pictures(composer, request).at(0).equal(alone));
    }
  }
}

TEST_CASE("each of two passes asks its own network, the first until the time that is asked for") {
  Composer composer(models_of_same_latents(), built_in_registry());
  for (const SchedulerFactory* factory : schedulers_of_noise()) {
    INFO(factory->info().id);
    GenerateRequest request = refined_request(factory->info().id, 0.5);
    request.steps = 6;
    const PreparedRequest prepared = composer.prepare(request, false);
    std::vector<double> times;
    size_t batches = 0, steps = 0;
    GenerateHooks hooks;
    hooks.wrap_denoise = [&](Denoise network) {
      ++batches;
      return [&, network](const Tensor& x, const Level& level) {
        times.push_back(level.t);
        return network(x, level);
      };
    };
    hooks.on_progress = [&](const Progress& progress) {
      if (progress.stage == JobStage::denoise && progress.done > 0) CHECK(progress.done == ++steps);
    };
    std::vector<std::string> warnings;
    generate(*prepared.model, prepared.settings, hooks, warnings);
    CHECK(batches == 1);
    CHECK(steps == 6);
    CHECK(times.front() >= 500);
    CHECK(times.back() < 500);
  }
}

TEST_CASE("a refined picture that is broken off after any call goes on with the same bits") {
  Composer composer(models_of_same_latents(), built_in_registry());
  for (const SchedulerFactory* factory : schedulers_of_noise()) {
    GenerateRequest request = refined_request(factory->info().id, 0.5);
    request.deepcache_interval = 2;
    INFO(factory->info().id);
    check_goes_on(composer.prepare(request, false));
  }
}

TEST_CASE("refined pictures are the same in a batch and alone, and other than without a refiner") {
  Composer composer(models_of_same_latents(), built_in_registry());
  GenerateRequest request = refined_request("euler_a", 0.5);
  request.n = kLargestBatch + 1;
  const std::vector<Tensor> together = pictures(composer, request);
  request.n = 1;
  for (const size_t k : {size_t{0}, size_t{2}, together.size() - 1}) {
    GenerateRequest one = request;
    one.seed = *request.seed + static_cast<int64_t>(k);
    CHECK(pictures(composer, one).at(0).equal(together[k]));
  }
  GenerateRequest later = request, alone = request;
  later.refiner_start = 0.8;
  CHECK_FALSE(pictures(composer, later).at(0).equal(together[0]));
  alone.refiner.reset();
  alone.refiner_start.reset();
  CHECK_FALSE(pictures(composer, alone).at(0).equal(together[0]));
}

TEST_CASE("the refiner is settled before anything is drawn, and stands in the settings") {
  Composer composer(models_of_same_latents(), built_in_registry());
  GenerateRequest request = refined_request("euler", 0.5);
  const PreparedRequest prepared = composer.prepare(request, false);
  CHECK(as_request(prepared.settings, 7).refiner == std::string(kOther));
  CHECK(as_request(prepared.settings, 7).refiner_start == 0.5);
  CHECK(steps_before_refiner(prepared.settings) == 2);

  request.refiner = kFolderModel;
  const Error scaled = error_of([&] { composer.prepare(request, false); });
  CHECK(says(scaled.what(), "/refiner: the latents of sd/tiny_sd15 are of"));
  request.refiner = "sd/tiny_sdxx";
  const Error missing = error_of([&] { composer.prepare(request, false); });
  CHECK(missing.code() == ErrorCode::not_found);
  CHECK(says(missing.what(), "/refiner"));
  CHECK(says(missing.what(), "did you mean"));

  request.refiner = "";
  const PreparedRequest alone = composer.prepare(request, false);
  CHECK_FALSE(alone.settings.refining.has_value());
  CHECK_FALSE(alone.settings.request.refiner.has_value());
  REQUIRE(alone.warnings.size() == 1);
  CHECK(alone.warnings[0] == "/refiner_start: has no effect without a refiner");

  request.refiner = kOther;
  request.refiner_start = 1;
  CHECK(says(composer.prepare(request, false).warnings.at(0), "leaves no step to sd/other"));
}

TEST_CASE("a model's own refiner is the configuration's word, and its fault where there is none") {
  HostConfig config = models_of_same_latents();
  ModelConfig& base = config.models[kTwoEncoders];
  base.id = kTwoEncoders;
  base.source = config.models_directory / "tiny_sdxl";
  base.defaults.refiner = kOther;
  GenerateRequest request = refined_request("euler", 0.5);
  request.refiner.reset();
  request.refiner_start.reset();
  const Settings settings = Composer(config, built_in_registry()).prepare(request, false).settings;
  REQUIRE(settings.refining.has_value());
  CHECK(settings.request.refiner_start == 0.8);

  base.defaults.refiner = "sd/nobody";
  Composer composer(config, built_in_registry());
  const Error error = error_of([&] { composer.prepare(request, false); });
  CHECK(error.code() == ErrorCode::bad_config);
  CHECK(says(error.what(), "sd/tiny_sdxl: defaults: refiner"));
}

TEST_CASE("of what only the refiner is told nothing is said to have no effect; A1111's words for it are read") {
  Composer composer(models_of_same_latents(), built_in_registry());
  GenerateRequest request = refined_request("euler", 0.5);
  std::swap(request.model, *request.refiner);  // the second one is told sizes
  request.target_size = "32x32";
  const PreparedRequest prepared = composer.prepare(request, false);
  for (const std::string& warning : prepared.warnings) CHECK_FALSE(says(warning, "/target_size"));
  CHECK(prepared.settings.refining->settings->imagined.target_width == 32);

  const Recipe read = read_infotext(
      "a cat\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 64x64, Model: base, "
      "Refiner: sd_xl_refiner_1.0 [7440042bbd], Refiner switch at: 0.7",
      "a picture");
  CHECK(read.request.refiner == std::string("sd_xl_refiner_1.0"));
  CHECK(read.request.refiner_start == 0.7);
}
