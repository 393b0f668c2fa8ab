// Pictures made from pictures: against the reference's runs, and against pictures made alone, broken off, pasted back.

#include "core/host/make/start.h"

#include <fstream>

#include "core/io/safetensors_file.h"
#include "core/math/noise_source.h"
#include "tests/host/models.h"
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
