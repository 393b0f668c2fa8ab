#include "core/host/make/generate.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <optional>

#include "core/math/noise_source.h"

namespace alice {

void generate(const Model& model, const Settings& settings, const GenerateHooks& hooks,
              std::vector<std::string>& warnings) {
  const c10::InferenceMode no_gradients;
  const Pictures pictures = read_pictures(settings, warnings);
  std::optional<Beginning> beginning;
  for (int64_t first = 0; first < settings.n; first += kLargestBatch) {
    const int64_t batch = std::min(kLargestBatch, settings.n - first);
    const auto tell = [&](JobStage stage, size_t done, size_t total) {
      if (hooks.on_progress) hooks.on_progress({stage, first, batch, settings.n, done, total});
    };

    tell(JobStage::encode, 0, 0);
    std::vector<std::string> batch_warnings;
    const Conditioning texts = encode(model, settings, batch, batch_warnings);
    if (first == 0) warnings.insert(warnings.end(), batch_warnings.begin(), batch_warnings.end());

    if (hooks.are_made && hooks.are_made(first, batch)) continue;

    std::vector<uint64_t> seeds;
    for (int64_t k = 0; k < batch; ++k) seeds.push_back(settings.seed + static_cast<uint64_t>(first + k));
    SeededNoise noise(seeds);
    if (!beginning) beginning.emplace(model, settings, pixels_of(pictures));
    const Start start = beginning->start(batch, plan_of(settings), noise);
    tell(JobStage::denoise, 0, static_cast<size_t>(settings.steps_done()));
    const Tensor latents = denoise(
        model, settings, with_beside(texts, start.beside, settings.guidance), start, noise,
        [&](size_t done, size_t total, const Tensor&) { tell(JobStage::denoise, done, total); },
        hooks.wrap_denoise);

    tell(JobStage::decode, 0, 0);
    const Tensor pixels = decode(model, latents);
    if (!hooks.on_image) continue;
    for (int64_t k = 0; k < batch; ++k)
      hooks.on_image({paste_back(pictures, settings.request, pixels[k]), first + k, seeds[static_cast<size_t>(k)]});
  }
}

}  // namespace alice
