#include "core/host/pipeline.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "core/base/utf8.h"
#include "core/host/plugin_call.h"
#include "core/io/images.h"
#include "core/math/noise_source.h"

namespace alice {
namespace {

// Who is to blame, for people.
constexpr const char* kTextEncoder = "the text encoder";
constexpr const char* kVae = "the VAE";
std::string in_words(const ChosenScheduler& scheduler) { return "the scheduler " + scheduler.plugin; }

std::vector<int64_t> ids_of(const Pipeline& pipeline, const std::string& text, const std::string& field,
                            std::vector<std::string>& warnings) {
  const TextEncoder& encoder = *pipeline.text_encoder;
  const TokenIds ids = call_plugin(kTextEncoder, [&] { return encoder.tokenize(text); });
  if (!ids.cut_off.empty())
    warnings.push_back(field + ": only " + std::to_string(encoder.info().token_limit) + " tokens fit; not used: \"" +
                       brief(ids.cut_off) + "\"");
  return ids.padded;
}

Tensor repeat_rows(const Tensor& rows, int64_t times) { return rows.repeat_interleave(times, 0); }

}  // namespace

Conditioning encode(const Pipeline& pipeline, const Settings& settings, int64_t batch,
                    std::vector<std::string>& warnings) {
  constexpr int64_t kNegativeSkip = 0;  // as the reference does; A1111 skips here too
  const auto tokens_of = [&](const std::vector<std::vector<int64_t>>& prompts, int64_t clip_skip) {
    const auto rows = static_cast<int64_t>(prompts.size());
    const Tensor tokens =
        call_plugin(kTextEncoder, [&] { return pipeline.prompts->tokens(pipeline.text_encoder, prompts, clip_skip); });
    const TextEncoderInfo& info = pipeline.text_encoder->info();
    return all_finite(with_shape(tokens, {rows, info.token_limit, info.width}, kTextEncoder), kTextEncoder);
  };
  const std::vector<int64_t> prompt = ids_of(pipeline, settings.prompt, "/prompt", warnings);
  if (!settings.guidance.two_passes()) {
    Conditioning alone = {{"tokens", repeat_rows(tokens_of({prompt}, settings.clip_skip), batch)}};
    if (settings.guidance.is_told) alone[kGuidanceScale] = at::full({batch, 1}, settings.guidance.scale, at::kDouble);
    return alone;
  }
  const std::vector<int64_t> negative =
      ids_of(pipeline, settings.negative_prompt.value_or(""), "/negative_prompt", warnings);
  const Tensor tokens = settings.clip_skip == kNegativeSkip
                            ? tokens_of({negative, prompt}, kNegativeSkip)
                            : at::cat({tokens_of({negative}, kNegativeSkip), tokens_of({prompt}, settings.clip_skip)});
  return {{"tokens", repeat_rows(tokens, batch)}};
}

Tensor denoise(const Pipeline& pipeline, const Settings& settings, const Conditioning& conditioning, int64_t batch,
               NoiseSource& noise, const OnStep& on_step, const WrapDenoise& wrap) {
  const NoiseModel& noise_model = *settings.scheduler.noise_model;
  const Scheduler& scheduler = *settings.scheduler.scheduler;
  const int64_t reduction = pipeline.vae->info().reduction;

  const std::string sampler = in_words(settings.scheduler);
  const Plan plan = call_plugin(sampler, [&] { return scheduler.plan(settings.steps, noise_model); });
  GuidedNetwork network(pipeline.unet, conditioning, settings.guidance, settings.shortcuts, noise_model.prediction(),
                        plan);
  Denoise answer = [&](const Tensor& x, const Level& level) { return network.denoise(x, level); };
  if (wrap) answer = wrap(std::move(answer));
  const Denoise ask = [&](const Tensor& x, const Level& level) {
    network.pass(x, level);
    return answer(x, level);
  };
  const Tensor shape =
      at::empty({batch, pipeline.vae->info().latent_channels, settings.height / reduction, settings.width / reduction});
  const Tensor latents = call_plugin(sampler, [&] {
    return scheduler.sample(ask, noise.normal_like(shape) * plan.init_noise_sigma, plan, noise_model, noise, on_step);
  });
  return all_finite(with_shape(latents, shape.sizes(), sampler), sampler);
}

Tensor decode(const Pipeline& pipeline, const Tensor& latents) {
  constexpr int64_t kColours = 3;
  const int64_t reduction = pipeline.vae->info().reduction;
  const Tensor pixels = call_plugin(kVae, [&] { return pipeline.vae->decode(latents); });
  const auto shape = {latents.size(0), kColours, latents.size(2) * reduction, latents.size(3) * reduction};
  return to_bytes(all_finite(with_shape(pixels, shape, kVae), kVae));
}

void generate(const Pipeline& pipeline, const Settings& settings, const GenerateHooks& hooks,
              std::vector<std::string>& warnings) {
  const c10::InferenceMode no_gradients;
  for (int64_t first = 0; first < settings.n; first += kLargestBatch) {
    const int64_t batch = std::min(kLargestBatch, settings.n - first);
    const auto tell = [&](JobStage stage, size_t done, size_t total) {
      if (hooks.on_progress) hooks.on_progress({stage, first, batch, settings.n, done, total});
    };

    tell(JobStage::encode, 0, 0);
    std::vector<std::string> batch_warnings;
    const Conditioning conditioning = encode(pipeline, settings, batch, batch_warnings);
    if (first == 0) warnings.insert(warnings.end(), batch_warnings.begin(), batch_warnings.end());

    if (hooks.are_made && hooks.are_made(first, batch)) continue;

    std::vector<uint64_t> seeds;
    for (int64_t k = 0; k < batch; ++k) seeds.push_back(settings.seed + static_cast<uint64_t>(first + k));
    SeededNoise noise(seeds);
    tell(JobStage::denoise, 0, static_cast<size_t>(settings.steps));
    const Tensor latents = denoise(
        pipeline, settings, conditioning, batch, noise,
        [&](size_t done, size_t total, const Tensor&) { tell(JobStage::denoise, done, total); },
        hooks.wrap_denoise);

    tell(JobStage::decode, 0, 0);
    const Tensor pixels = decode(pipeline, latents);
    if (!hooks.on_image) continue;
    for (int64_t k = 0; k < batch; ++k) hooks.on_image({pixels[k], first + k, seeds[static_cast<size_t>(k)]});
  }
}

}  // namespace alice
