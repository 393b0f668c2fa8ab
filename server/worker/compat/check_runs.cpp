#include "server/worker/compat/check_runs.h"

#include <algorithm>

#include "core/host/make/masked.h"
#include "server/worker/compat/first_call.h"
#include "server/worker/compat/hand_over.h"
#include "server/worker/compat/reference_call.h"
#include "server/worker/compat/run_tensors.h"

namespace alice {
namespace {

constexpr const char* kPart = "images";
constexpr double kRelativeTimes = 1e-5;  // of what the network is told of time

/// What the sampler shows the network before each call is what the reference holds after the call before, which has
/// put what is known into it by then.
WrapDenoise record_into(std::vector<Tensor>& seen, const Start& start, const Level& first) {
  return [&seen, &start, first](Denoise inner) {
    return [&seen, &start, first, inner = std::move(inner)](const Tensor& x, const Level& level) {
      seen.push_back(with_known(start, x, level, first));
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

/// The model of `source` with the LoRAs of the call.
std::shared_ptr<const Model> load_model(CompatRun& run, const GoldenTable& table, const Json& one,
                                        const std::filesystem::path& source) {
  const auto composed = run.composer.compose(std::filesystem::absolute(source).string(), true);
  std::vector<LoraFile> loras = loras_of(run, table, one);
  return loras.empty() ? composed : with_loras(run, *composed, std::move(loras));
}

Settings settings_of(CompatRun& run, const Model& composed, const ReferenceCall& call, const Json& one,
                     const std::string& place) {
  std::vector<std::string> warnings;
  const GenerateRequest nothing;
  Settings settings = resolve_settings({call.request, nothing, nothing, call.pictures.inputs}, composed, warnings);
  SchedulerSource source;
  source.config = one.at("scheduler_config");
  source.config["_class_name"] = call.scheduler;
  source.place = place;
  take_scheduler(choose_scheduler(run.composer.registry(), source, "", call.request.scheduler_options), composed,
                 settings);
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

/// Where the run begins.
void compare_start(CompatCase& check, const RunTensors& tensors, const Start& start, const Conditioning& conditioning,
                   const std::vector<int64_t>& order) {
  const auto compare = [&](const char* name, const char* words, const Tensor& ours) {
    if (!tensors.has(name) || !ours.defined()) return;
    const Tensor golden = tensors.get(name);
    const double largest = std::max(1.0, golden.abs().max().item<double>());
    check.close(words, ours, golden.expand_as(ours), kComponentTolerance * largest);
  };
  const bool shows_mask = start.beside.defined() && start.beside.size(1) > start.x.size(1);
  compare("start", "the first latents", start.x);
  compare("mask_latent", "the mask of the latents", shows_mask ? start.beside.slice(1, 0, 1) : start.mask);
  if (shows_mask) compare("masked_image_latents", "the latents beside the mask", start.beside.slice(1, 1));
  if (const auto shown = conditioning.find(kBeside); shown != conditioning.end())
    compare("image_latents", "the picture's latents", in_order(shown->second, order));
}

void compare_calls(CompatCase& check, const RunTensors& tensors, const Json& one, const NetworkCalls& calls,
                   const std::vector<int64_t>& order) {
  if (one.contains("unet_timesteps"))
    check.close_relative("the network's times", at::tensor(calls.times, at::kDouble),
                         at::tensor(one.at("unet_timesteps").get<std::vector<double>>(), at::kDouble), kRelativeTimes);
  if (tensors.has("unet0/sample"))
    check.close("the network's first input", in_order(calls.sample, order),
                tensors.get("unet0/sample").expand_as(calls.sample), kComponentTolerance);
  if (tensors.has("unet0/out"))
    check.close("the network's first output", in_order(calls.out, order), tensors.get("unet0/out"),
                kComponentTolerance);
}

}  // namespace

bool is_run(const Json& one) { return one.contains("scheduler") && one.contains("args"); }

bool run_in_scope(CompatRun& run, const GoldenTable& table, const Json& one) {
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

void check_run(CompatRun& run, CompatCase& check, const GoldenTable& table, const Json& one,
               const std::filesystem::path& source) {
  ReferenceCall call = read_call(run, table, one);
  const std::filesystem::path own = run.golden.model(table.model_of(call.id, one));
  Model composed = *load_model(run, table, one, source.empty() ? own : source);
  NetworkCalls calls;
  composed.unet = watched(composed.unet, calls);
  if (const Tensor& latents = call.pictures.latents; latents.defined()) {
    call.request.width = latents.size(3) * composed.vae->info().reduction;
    call.request.height = latents.size(2) * composed.vae->info().reduction;
  }
  Settings settings = settings_of(run, composed, call, one, table.name() + ".json");
  if (!call.embedding.empty()) settings.embeddings = {embedding_of(run, composed, "", call.embedding)};
  const RunTensors tensors(table, one);

  const auto found = run.scope.rows.find(call.pipeline);
  const std::vector<int64_t> order = found != run.scope.rows.end() ? found->second : std::vector<int64_t>{};

  std::vector<std::string> warnings;
  const Course texts = encode(composed, settings, call.batch, warnings);
  RecordedNoise noise(tensors, settings.seed, check);
  const Plan plan = plan_of(settings);
  const Start start = start_of(composed, settings, call, noise);
  const Course course = with_beside(texts, start.beside, settings.guidance);
  const Conditioning conditioning = stacked(course.told.front());
  if (one.contains("unet_context"))
    check.close("the prompt's tokens", in_order(conditioning.at("tokens").to(at::kCPU, at::kFloat), order),
                tensors.shared(one.at("unet_context").get<std::string>()), kComponentTolerance);
  compare_start(check, tensors, start, conditioning, order);
  std::vector<Tensor> seen;
  const OnStep on_step = [](size_t, size_t, const Tensor&) {};
  Sampling sampling(settings, start, noise, on_step, record_into(seen, start, plan.levels.front()));
  const Tensor latents = known_at_end(start, run_stretch(sampling, {composed, settings, course}, start.x, call));
  if (noise.draws() != one.at("draws").get<size_t>())
    check.fail("noise is drawn " + std::to_string(noise.draws()) + " times, the reference drew " +
               dump_json(one.at("draws")));
  compare_calls(check, tensors, one, calls, order);

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

void check_runs(CompatRun& run, const GoldenTable& table) {
  FirstCalls first_calls(run, table);
  for (const Json& one : table.cases()) {
    const std::string id = table.id(one.at("id").get<std::string>());
    first_calls.check(one, id);
    run_case(run, kPart, id, run_in_scope(run, table, one),
             [&](CompatCase& check) { check_run(run, check, table, one); });
  }
}

}  // namespace alice
