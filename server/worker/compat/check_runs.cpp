#include <algorithm>

#include "server/worker/compat/first_call.h"
#include "server/worker/compat/reference_call.h"
#include "server/worker/compat/run_tensors.h"

namespace alice {
namespace {

constexpr const char* kPart = "images";
constexpr double kRelativeTimes = 1e-5;  // of what the network is told of time

/// What the sampler shows the network before each call is what the reference holds after the call before.
WrapDenoise record_into(std::vector<Tensor>& seen) {
  return [&seen](Denoise inner) {
    return [&seen, inner = std::move(inner)](const Tensor& x, const Level& level) {
      seen.push_back(x);
      return inner(x, level);
    };
  };
}

/// The calls whose latents a golden has: as it says, else the first, the middle (n / 2) and the last of n.
std::vector<size_t> latent_steps(const Json& one, size_t calls) {
  if (one.contains("latent_steps")) return one.at("latent_steps").get<std::vector<size_t>>();
  return {0, calls / 2, calls - 1};
}

/// As the READMEs say: that of the second set counts in the largest value, which few steps let grow.
double latent_tolerance(const Json& one, const Tensor& golden) {
  if (!one.contains("latent_steps")) return 2e-3;
  return 1e-3 + 2e-4 * golden.abs().max().item<double>();
}

/// As the golden's model has it, with the LoRAs of the call.
std::shared_ptr<const Model> load_model(CompatRun& run, const GoldenTable& table, const Json& one) {
  const std::string model = table.model_of(one.at("id").get<std::string>(), one);
  const auto composed = run.composer.compose(std::filesystem::absolute(run.golden.model(model)).string(), true);
  std::vector<LoraFile> loras = loras_of(run, table, one);
  return loras.empty() ? composed : with_loras(run, *composed, std::move(loras));
}

Settings settings_of(CompatRun& run, const Model& composed, const ReferenceCall& call, const Json& one,
                     const std::string& place) {
  std::vector<std::string> warnings;
  Settings settings = resolve_settings({call.request, GenerateRequest{}, GenerateRequest{}}, composed, warnings);
  SchedulerSource source;
  source.config = one.at("scheduler_config");
  source.config["_class_name"] = call.scheduler;
  source.place = place;
  settings.scheduler = choose_scheduler(run.composer.registry(), source, "", call.request.scheduler_options);
  return settings;
}

void compare_picture(CompatCase& check, const RunTensors& tensors, const Json& one, const Tensor& picture) {
  if (tensors.has("image_u8")) check.close("image_u8", picture, tensors.get("image_u8"), kPixelTolerance);
  if (picture.sizes().vec() != one.at("shape").get<std::vector<int64_t>>())
    return check.fail("the picture has shape " + shape_text(picture.sizes().vec()));
  const Tensor levels = picture.to(at::kDouble);
  check.measured("the picture's mean", std::abs(levels.mean().item<double>() - one.at("mean").get<double>()),
                 kMomentTolerance);
  check.measured("the picture's deviation", std::abs(levels.std(false).item<double>() - one.at("std").get<double>()),
                 kMomentTolerance);
}

void compare_calls(CompatCase& check, const RunTensors& tensors, const Json& one, const NetworkCalls& calls) {
  if (one.contains("unet_timesteps"))
    check.close_relative("the network's times", at::tensor(calls.times, at::kDouble),
                         at::tensor(one.at("unet_timesteps").get<std::vector<double>>(), at::kDouble), kRelativeTimes);
  if (tensors.has("unet0/sample"))
    check.close("the network's first input", calls.sample, tensors.get("unet0/sample").expand_as(calls.sample),
                kComponentTolerance);
  if (tensors.has("unet0/out"))
    check.close("the network's first output", calls.out, tensors.get("unet0/out"), kComponentTolerance);
}

void run_once(CompatRun& run, CompatCase& check, const GoldenTable& table, const Json& one) {
  const ReferenceCall call = read_call(run, table, one);
  Model composed = *load_model(run, table, one);
  NetworkCalls calls;
  composed.unet = watched(composed.unet, calls);
  const Settings settings = settings_of(run, composed, call, one, table.name() + ".json");
  const RunTensors tensors(table, one);

  std::vector<std::string> warnings;
  const Conditioning conditioning = encode(composed, settings, call.batch, warnings);
  if (one.contains("unet_context"))
    check.close("the prompt's tokens", conditioning.at("tokens").to(at::kCPU, at::kFloat),
                tensors.shared(one.at("unet_context").get<std::string>()), kComponentTolerance);
  RecordedNoise noise(tensors, settings.seed, check);
  std::vector<Tensor> seen;
  const Tensor latents = denoise(
      composed, settings, conditioning, call.batch, noise, [](size_t, size_t, const Tensor&) {}, record_into(seen));
  if (noise.draws() != one.at("draws").get<size_t>())
    check.fail("noise is drawn " + std::to_string(noise.draws()) + " times, the reference drew " +
               dump_json(one.at("draws")));
  compare_calls(check, tensors, one, calls);

  seen.erase(seen.begin());
  seen.push_back(latents);
  std::vector<Tensor> some;
  for (const size_t step : latent_steps(one, seen.size())) some.push_back(seen.at(step));
  run.golden.keep(table.tensor_file(), call.id + "/latents", at::stack(some));
  const Tensor golden = tensors.get("latents");
  check.close("latents", at::stack(some), golden, latent_tolerance(one, golden));
  if (tensors.has("output")) check.close("output", latents, tensors.get("output"), latent_tolerance(one, golden));
  if (!one.contains("mean")) return;  // the run ends with its latent
  const Tensor picture = decode(composed, latents);
  run.golden.keep(table.tensor_file(), call.id + "/image_u8", picture);
  compare_picture(check, tensors, one, picture);
}

/// Whether a run must not be skipped: a picture of text alone, by a scheduler and LoRAs of the scope.
bool in_scope(CompatRun& run, const GoldenTable& table, const Json& one) {
  if (!run.scope.schedulers.count(one.at("scheduler").get<std::string>())) return false;
  for (const LoraFile& lora : loras_of(run, table, one))
    if (!run.scope.loras.count(lora.name)) return false;
  try {
    read_call(run, table, one);
    return true;
  } catch (const Skip&) {  // its case says so
    return false;
  }
}

}  // namespace

void check_runs(CompatRun& run, const GoldenTable& table) {
  FirstCalls first_calls(run, table);
  for (const Json& one : table.cases()) {
    const std::string id = table.id(one.at("id").get<std::string>());
    first_calls.check(one, id);
    run_case(run, kPart, id, in_scope(run, table, one), [&](CompatCase& check) { run_once(run, check, table, one); });
  }
}

}  // namespace alice
