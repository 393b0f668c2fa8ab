// Pictures made from pictures: against the reference's runs, and against pictures made alone, broken off, pasted back.

#include "core/host/make/start.h"

#include <fstream>
#include <functional>

#include "core/io/safetensors_file.h"
#include "core/math/noise_source.h"
#include "tests/host/drawing.h"
#include "tests/host/every_scheduler.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

const std::string kRuns = std::string(ALICE_TEST_DATA) + "/goldens/images/images";

const WeightSource& golden_tensors() {
  static const auto file = SafetensorsFile::open(kRuns + ".safetensors");
  return *file;
}

/// The reference's runs whose ids begin so.
std::vector<Json> golden_runs(const std::string& begin) {
  std::ifstream file(kRuns + ".json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<Json> runs;
  const Json table = parse_json(text, kRuns);
  for (const Json& one : table.at("cases"))
    if (one.at("id").get<std::string>().rfind(begin, 0) == 0) runs.push_back(one);
  return runs;
}

Tensor bytes_of(const std::string& name) {
  const Tensor floats = golden_tensors().tensor(name)[0].permute({1, 2, 0});
  const Tensor bytes = floats.mul(255).round().to(at::kByte).contiguous();
  return bytes.size(2) == 1 ? bytes.expand({-1, -1, 3}).contiguous() : bytes;
}

InputPictures golden_pictures(bool with_mask) {
  InputPictures inputs;
  inputs.image.rgb = bytes_of("init_image");
  if (with_mask) inputs.mask.rgb = bytes_of("mask");
  return inputs;
}

/// As a request names them; the hash is of no account here.
GenerateRequest naming(const InputPictures& inputs, GenerateRequest request) {
  if (inputs.image.rgb.defined()) request.image = PictureInput{std::string(64, 'a')};
  if (inputs.mask.rgb.defined()) request.mask = PictureInput{std::string(64, 'b')};
  return request;
}

GenerateRequest request_of(const Json& run) {
  const Json& args = run.at("args");
  GenerateRequest request;
  request.model = kFolderModel;
  request.prompt = args.at("prompt").get<std::string>();
  request.steps = args.at("num_inference_steps").get<int64_t>();
  request.guidance_scale = args.at("guidance_scale").get<double>();
  request.strength = args.at("strength").get<double>();
  request.seed = run.at("seed").get<int64_t>();
  request.mask_blur = 0;
  request.paste_back = false;
  return request;
}

/// Steps as the reference counts them: what the sampler holds after the first, the middle and the last.
void compare_with(const Json& run, bool with_mask) {
  const std::string id = run.at("id").get<std::string>();
  INFO(id);
  Composer composer(golden_models(), built_in_registry());
  const InputPictures inputs = golden_pictures(with_mask);
  PreparedRequest prepared = composer.prepare(naming(inputs, request_of(run)), false, inputs);
  SchedulerSource source;
  source.config = run.at("scheduler_config");
  source.config["_class_name"] = run.at("scheduler");
  prepared.settings.scheduler = choose_scheduler(composer.registry(), source, "", Json::object());
  std::vector<std::string> warnings;
  const c10::InferenceMode no_gradients;
  const Settings& settings = prepared.settings;
  SeededNoise noise({settings.seed});
  Pixels pixels = pixels_of(read_pictures(settings, warnings));
  pixels.original = pixels.content = golden_tensors().tensor("init_image") * 2 - 1;  // its numbers are no bytes
  const Start start = Beginning(*prepared.model, settings, pixels).start(1, plan_of(settings), noise);
  const Tensor latents = denoise(*prepared.model, settings, encode(*prepared.model, settings, 1, warnings), start,
                                 noise, [](size_t, size_t, const Tensor&) {});
  const Tensor golden = golden_tensors().tensor(id + "/latents");
  CHECK((latents - golden[golden.size(0) - 1]).abs().max().item<double>() < 2e-3);
  const Tensor levels = decode(*prepared.model, latents).to(at::kDouble);
  CHECK(levels.mean().item<double>() == Approx(run.at("mean").get<double>()).margin(0.05));
  CHECK(levels.std(false).item<double>() == Approx(run.at("std").get<double>()).margin(0.05));
}

}  // namespace

TEST_CASE("image to image is the reference's: its draws, its steps, its latents") {
  const std::vector<Json> runs = golden_runs("sd15_img2img");
  CHECK(runs.size() == 4);
  for (const Json& run : runs) compare_with(run, false);
}

TEST_CASE("a part is made anew as the reference does it with a network that knows of no masks") {
  const std::vector<Json> runs = golden_runs("sd15_inpaint");
  CHECK(runs.size() == 2);
  for (const Json& run : runs) compare_with(run, true);
}

namespace {

GenerateRequest small_picture_request() {
  GenerateRequest request = small_request(kFolderModel);
  request.steps = 6;
  request.width = request.height = 64;
  request.strength = 0.7;
  return request;
}

PreparedRequest prepared_with(Composer& composer, const GenerateRequest& request, const InputPictures& inputs) {
  return composer.prepare(naming(inputs, request), false, inputs);
}

}  // namespace

TEST_CASE("pictures from pictures are the same in a batch and alone, bit for bit") {
  Composer composer(golden_models(), built_in_registry());
  for (const bool with_mask : {false, true})
    for (const char* scheduler : {"ddim", "euler_a"}) {
      CAPTURE(with_mask, scheduler);
      const InputPictures inputs = golden_pictures(with_mask);
      GenerateRequest request = small_picture_request();
      request.scheduler = scheduler;
      request.n = kLargestBatch + 1;
      const std::vector<Tensor> together = made(prepared_with(composer, request, inputs));
      REQUIRE(together.size() == static_cast<size_t>(request.n));
      request.n = 1;
      for (const size_t k : {size_t{0}, size_t{2}, together.size() - 1}) {
        GenerateRequest one = request;
        one.seed = *request.seed + static_cast<int64_t>(k);
        CHECK(made(prepared_with(composer, one, inputs)).at(0).equal(together[k]));
      }
      CHECK_FALSE(together[0].equal(together[1]));
    }
}

TEST_CASE("a picture from a picture that is broken off after any call goes on with the same bits") {
  Composer composer(golden_models(), built_in_registry());
  for (const double strength : {0.7, 1.0})
    for (const SchedulerFactory* factory : schedulers_of_noise()) {
      if (strength < 1 && factory->info().id != "heun") continue;  // one that asks twice a step
      GenerateRequest request = small_picture_request();
      request.steps = 4;
      request.strength = strength;
      request.scheduler = factory->info().id;
      request.deepcache_interval = 2;
      INFO(factory->info().id << " at strength " << strength);
      check_goes_on(prepared_with(composer, request, golden_pictures(true)));
    }
}

TEST_CASE("each input of a picture changes it, and nothing is left of them in a picture from noise") {
  Composer composer(golden_models(), built_in_registry());
  const InputPictures inputs = golden_pictures(true);
  const GenerateRequest plain = small_picture_request();
  const Tensor picture = made(prepared_with(composer, plain, inputs)).at(0);
  const auto other = [&](const std::function<void(GenerateRequest&)>& change) {
    GenerateRequest request = plain;
    change(request);
    return made(prepared_with(composer, request, inputs)).at(0);
  };
  CHECK_FALSE(other([](auto& r) { r.strength = 0.4; }).equal(picture));
  CHECK_FALSE(other([](auto& r) { r.mask_invert = true; }).equal(picture));
  CHECK_FALSE(other([](auto& r) { r.mask_blur = 0; }).equal(picture));
  CHECK_FALSE(other([](auto& r) { r.paste_back = false; }).equal(picture));
  for (const MaskedContent content : {MaskedContent::fill, MaskedContent::noise, MaskedContent::nothing})
    CHECK_FALSE(other([&](auto& r) { r.masked_content = content; }).equal(picture));
  CHECK(other([](auto& r) { r.only_masked = true; }).sizes().vec() == std::vector<int64_t>{128, 128, 3});

  InputPictures unmasked = inputs;
  unmasked.mask = {};
  CHECK_FALSE(made(prepared_with(composer, plain, unmasked)).at(0).equal(picture));
  GenerateRequest from_noise = plain;
  from_noise.strength.reset();
  CHECK(composer.prepare(from_noise, false, inputs).settings.steps_done() == 6);  // no picture is named
}

TEST_CASE("a picture's result is of its size, unless another is asked for") {
  Composer composer(golden_models(), built_in_registry());
  InputPictures inputs;
  inputs.image.rgb = at::zeros({70, 101, 3}, at::kByte);
  GenerateRequest request = small_request(kFolderModel);
  const auto size_of = [&](std::optional<int64_t> width, std::optional<int64_t> height) {
    request.width = width, request.height = height;
    const Settings settings = prepared_with(composer, request, inputs).settings;
    return std::pair(settings.width, settings.height);
  };
  CHECK(size_of({}, {}) == std::pair<int64_t, int64_t>(96, 64));
  CHECK(size_of(48, {}) == std::pair<int64_t, int64_t>(48, 32));
  CHECK(size_of({}, 32) == std::pair<int64_t, int64_t>(40, 32));
  CHECK(size_of(64, 64) == std::pair<int64_t, int64_t>(64, 64));
  request.extend_right = 27, request.extend_top = 10;
  CHECK(size_of({}, {}) == std::pair<int64_t, int64_t>(128, 80));
  inputs.image.rgb = at::zeros({2000, 2000, 3}, at::kByte);
  CHECK(says(error_of([&] { size_of({}, {}); }).sentence(), "pixels"));
}

TEST_CASE("a picture that is named and not handed over is told, and the settings name what they were made from") {
  Composer composer(golden_models(), built_in_registry());
  const InputPictures inputs = golden_pictures(true);
  const GenerateRequest request = naming(inputs, small_picture_request());
  const Error error = error_of([&] { composer.prepare(request, false); });
  CHECK(error.code() == ErrorCode::bad_request);
  CHECK(says(error.what(), "/image"));
  const GenerateRequest recorded = as_request(composer.prepare(request, false, inputs).settings, 7);
  CHECK(recorded.image->sha256 == std::string(64, 'a'));
  CHECK(recorded.mask->sha256 == std::string(64, 'b'));
  CHECK(recorded.strength == 0.7);
  CHECK(recorded.mask_blur == 4);
  CHECK_FALSE(recorded.image_guidance_scale.has_value());  // this network is shown no picture
}
