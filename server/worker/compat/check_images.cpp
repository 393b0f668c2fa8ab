#include <algorithm>
#include <map>

#include "core/api/scheduler.h"
#include "core/math/noise_source.h"
#include "server/worker/compat/compat.h"

namespace alice {
namespace {

constexpr const char* kFile = "images/images.safetensors";
constexpr const char* kPart = "images";

/// Deals the run's own draws (ID/noise0, ID/noise1, ...) where the file has them, else draws them from the seed.
class RecordedNoise : public NoiseSource {
 public:
  RecordedNoise(const SafetensorsFile& file, std::string id, uint64_t seed)
      : file_(file), id_(std::move(id)), seeded_({seed}) {}

  Tensor normal_like(const Tensor& like) override {
    const std::string name = id_ + "/noise" + std::to_string(next_++);
    if (!file_.index().contains(name)) {
      if (next_ > 1 && file_.index().contains(id_ + "/noise0"))
        throw Error(ErrorCode::internal, name, "more noise is drawn than the reference drew");
      return seeded_.normal_like(like);
    }
    const Tensor noise = file_.tensor(name);
    if (noise.sizes() != like.sizes())
      throw Error(
          ErrorCode::bad_weights, name,
          "has shape " + shape_text(noise.sizes().vec()) + ", the run asks for " + shape_text(like.sizes().vec()));
    return noise;
  }

 private:
  const SafetensorsFile& file_;
  const std::string id_;
  SeededNoise seeded_;
  size_t next_ = 0;
};

/// The call's arguments as a request, under the names that the reference's pipelines give them.
GenerateRequest request_of(const Json& one, int64_t& batch) {
  static const std::map<std::string, std::string> kNames = {{"prompt", "prompt"},
                                                            {"negative_prompt", "negative_prompt"},
                                                            {"num_inference_steps", "steps"},
                                                            {"guidance_scale", "guidance_scale"},
                                                            {"guidance_rescale", "guidance_rescale"},
                                                            {"height", "height"},
                                                            {"width", "width"},
                                                            {"clip_skip", "clip_skip"}};
  Json fields = {{"seed", one.at("seed")}};
  batch = 1;
  Json options = Json::object();
  for (const auto& argument : one.at("args").items()) {
    if (argument.value().is_null()) continue;
    if (const auto known = kNames.find(argument.key()); known != kNames.end())
      fields[known->second] = argument.value();
    else if (argument.key() == "num_images_per_prompt")
      batch = argument.value().get<int64_t>();
    else if (argument.key() == "eta")
      options["eta"] = argument.value();
    else
      throw Skip{"the argument '" + argument.key() + "' is not built"};
  }
  GenerateRequest request = read_generate_request(fields);
  request.scheduler_options = std::move(options);
  return request;
}

/// What the sampler shows the network before each call is what the reference holds after the call before.
WrapDenoise record_into(std::vector<Tensor>& seen) {
  return [&seen](Denoise inner) {
    return [&seen, inner = std::move(inner)](const Tensor& x, const Level& level) {
      seen.push_back(x);
      return inner(x, level);
    };
  };
}

/// After the first, the middle (n / 2) and the last of n calls.
Tensor three_of(std::vector<Tensor> after_each_call) {
  return at::stack({after_each_call.front(), after_each_call.at(after_each_call.size() / 2), after_each_call.back()});
}

Pipeline load_pipeline(CompatRun& run, const std::string& family) {
  Pipeline pipeline;
  pipeline.id = family;
  pipeline.text_encoder = load_text_encoder(run, family, "text_encoder");
  pipeline.unet = load_unet(run, family);
  pipeline.vae = load_vae(run, family);
  if (!pipeline.unet->info().further_conditioning.empty())
    throw Skip{"models with two text encoders are not composed by this version"};
  return pipeline;
}

Settings settings_of(CompatRun& run, const Pipeline& pipeline, const GenerateRequest& request, const Json& one) {
  std::vector<std::string> warnings;
  Settings settings = resolve_settings({request, GenerateRequest{}, GenerateRequest{}}, pipeline, warnings);
  SchedulerSource source;
  source.config = one.at("scheduler_config");
  source.config["_class_name"] = one.at("scheduler");
  source.place = "images/images.json";
  settings.scheduler = choose_scheduler(run.composer.registry(), source, "", request.scheduler_options);
  return settings;
}

void compare_picture(CompatRun& run, CompatCase& check, const Json& one, const Tensor& picture) {
  const std::string name = one.at("id").get<std::string>() + "/image_u8";
  const SafetensorsFile& file = run.golden.tensors(kFile);
  run.golden.keep(kFile, name, picture);
  if (file.index().contains(name)) check.close("image_u8", picture, file.tensor(name), kPixelTolerance);
  if (picture.sizes().vec() != one.at("shape").get<std::vector<int64_t>>())
    return check.fail("the picture has shape " + shape_text(picture.sizes().vec()));
  const Tensor levels = picture.to(at::kDouble);
  check.measured("the picture's mean", std::abs(levels.mean().item<double>() - one.at("mean").get<double>()),
                 kMomentTolerance);
  check.measured("the picture's deviation", std::abs(levels.std(false).item<double>() - one.at("std").get<double>()),
                 kMomentTolerance);
}

void run_image(CompatRun& run, CompatCase& check, const Pipeline& pipeline, const Json& one) {
  const std::string id = one.at("id").get<std::string>();
  int64_t batch = 1;
  const GenerateRequest request = request_of(one, batch);
  const Settings settings = settings_of(run, pipeline, request, one);
  std::vector<std::string> warnings;
  const SafetensorsFile& file = run.golden.tensors(kFile);

  RecordedNoise noise(file, id, settings.seed);
  std::vector<Tensor> seen;
  const Tensor latents = denoise(
      pipeline, settings, encode(pipeline, settings, batch, warnings), batch, noise,
      [](size_t, size_t, const Tensor&) {}, record_into(seen));
  seen.erase(seen.begin());
  seen.push_back(latents);
  const Tensor three = three_of(std::move(seen));
  run.golden.keep(kFile, id + "/latents", three);
  check.close("latents", three, file.tensor(id + "/latents"), kLatentTolerance);
  compare_picture(run, check, one, decode(pipeline, latents));
}

}  // namespace

void check_images(CompatRun& run) {
  std::map<std::string, Pipeline> pipelines;
  for (const Json& one : run.golden.json("images/images.json").at("cases")) {
    const std::string id = one.at("id").get<std::string>();
    const std::string family = family_of(id);
    const std::string scheduler = one.at("scheduler").get<std::string>();
    const bool text_to_image = !one.at("args").contains("strength");
    const bool in_scope = text_to_image && run.scope.families.count(family) && run.scope.schedulers.count(scheduler);
    run_case(run, kPart, id, in_scope, [&](CompatCase& check) {
      if (!text_to_image) throw Skip{"image to image is not built"};
      if (!run.composer.registry().of<SchedulerFactory>().find_class(scheduler))
        throw Skip{"no plugin implements " + scheduler};
      auto pipeline = pipelines.find(family);
      if (pipeline == pipelines.end()) pipeline = pipelines.emplace(family, load_pipeline(run, family)).first;
      run_image(run, check, pipeline->second, one);
    });
  }
}

}  // namespace alice
