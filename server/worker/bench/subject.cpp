#include "server/worker/bench/subject.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "core/host/assemble.h"
#include "core/math/noise_source.h"

namespace alice::bench {
namespace {

constexpr const char* kPrompt = "a photo of an astronaut riding a horse on mars";
constexpr float kTimestep = 500;

std::string name_of_dtype(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat: return "float32";
    case at::kBFloat16: return "bfloat16";
    case at::kHalf: return "float16";
    default: return c10::toString(dtype);
  }
}

/// A backend may multiply in another precision than its tensors have; then its option says so.
std::string precision_of(const BackendChoice& choice, const Backend& backend) {
  std::string precision = name_of_dtype(backend.dtype());
  for (const OptionLayer& layer : choice.options)
    if (layer.values.is_object()) precision = layer.values.value("dtype", precision);
  return precision;
}

int64_t side_in_latents(int64_t pixels, int64_t reduction) {
  if (pixels % reduction == 0) return pixels / reduction;
  throw Error(ErrorCode::bad_request, "--size",
              "must be a multiple of " + std::to_string(reduction) +
                  ", which this model's VAE makes of one latent, got " + std::to_string(pixels));
}

/// Everything that the UNet is conditioned on, drawn: what the numbers are is nothing to the time.
Conditioning drawn_conditioning(const UNetInfo& unet, int64_t tokens, SeededNoise& noise) {
  Conditioning conditioning = {{"tokens", noise.normal({tokens, unet.context_width})}};
  for (const auto& [name, width] : unet.further_conditioning)
    conditioning[name] = name == kBeside ? noise.normal({width, 1, 1}) : noise.normal({width});
  return conditioning;
}

}  // namespace

Json to_json(const SubjectFacts& facts) {
  return {{"model", facts.model},
          {"backend", facts.backend},
          {"device", facts.device},
          {"precision", facts.precision},
          {"threads", facts.threads},
          {"size", facts.size},
          {"is_processor", facts.is_processor}};
}

SubjectFacts subject_facts_of(const Json& json) {
  SubjectFacts facts;
  facts.model = json.at("model");
  facts.backend = json.at("backend");
  facts.device = json.at("device");
  facts.precision = json.at("precision");
  facts.is_processor = json.at("is_processor");
  facts.threads = json.at("threads");
  facts.size = json.at("size");
  return facts;
}

Subject::Subject(Composer& composer, const std::string& model, std::optional<int64_t> size) {
  const c10::InferenceMode no_gradients;
  const auto blueprint = composer.blueprint(model, /*paths_allowed=*/true);
  if (!blueprint->faults.empty()) throw Error(ErrorCode::bad_weights, blueprint->faults);
  const auto backend = composer.backend(blueprint->backend);
  backend_ = std::make_shared<MeasuredBackend>(backend);
  model_ = assemble(*blueprint, backend_,
                    load_parts(blueprint->parts, [&](const auto& choice) { return choice.load(backend_); }));

  const int64_t reduction = model_.vae->info().reduction;
  facts_ = {blueprint->config.id,
            blueprint->backend.name,
            backend->info().device,
            precision_of(blueprint->backend, *backend),
            backend->device().is_cpu(),
            at::get_num_threads(),
            size.value_or(model_.unet->info().native_latent_size * reduction)};
  const int64_t side = side_in_latents(facts_.size, reduction);

  SeededNoise noise({1, 2});
  for (const TextUse& use : model_.texts)
    ids_.push_back(at::tensor(encoder_of(use).tokenize(kPrompt).padded).repeat({kGuidedBatch, 1}));
  x_ = noise.normal({model_.unet->info().in_channels, side, side});
  t_ = at::full({kGuidedBatch}, kTimestep);
  latents_ = SeededNoise({3}).normal({model_.vae->info().latent_channels, side, side});
  const int64_t tokens = encoder_of(model_.texts.front()).info().token_limit;
  run_ = model_.unet->prepare(drawn_conditioning(model_.unet->info(), tokens, noise));
}

StageRun Subject::run(Stage stage) {
  const c10::InferenceMode no_gradients;
  backend_->clear();
  const double clock = clock_seconds(), used = cpu_seconds();
  const Tensor result = compute(stage);
  const StageRun run = {clock_seconds() - clock, cpu_seconds() - used, backend_->accounts()};
  if (!at::isfinite(result).all().item<bool>())
    throw Error(ErrorCode::internal, facts_.model,
                std::string("the result of ") + name_of(stage) +
                    " holds numbers that are not finite: figures of such a run are worth nothing");
  return run;
}

const TextEncoder& Subject::encoder_of(const TextUse& use) const { return *model_.text_encoders.at(use.role); }

/// The prompt by every encoder; the last one's tokens.
Tensor Subject::encode_all() const {
  Tensor tokens;
  for (size_t i = 0; i < ids_.size(); ++i) {
    const TextUse& use = model_.texts[i];
    tokens = to_host(encoder_of(use).encode(ids_[i], use.layers_back, use.final_norm).tokens);
  }
  return tokens;
}

/// The result is on the CPU, so that it is there when this returns.
Tensor Subject::compute(Stage stage) {
  switch (stage) {
    case Stage::text: return encode_all();
    case Stage::step: return run_->predict(x_, t_);
    case Stage::vae: return model_.vae->decode(latents_);
  }
  return {};
}

}  // namespace alice::bench
