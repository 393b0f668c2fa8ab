#include "core/host/make/generate.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <optional>

#include "core/math/noise_source.h"

namespace alice {
namespace {

/// The same prompts by the refiner's encoders; what is cut off there too was told before.
Course encode_again(const Refining& refining, int64_t batch, std::vector<std::string>& warnings) {
  std::vector<std::string> told;
  const Course course = encode(*refining.model, *refining.settings, batch, told);
  for (const std::string& warning : told)
    if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end()) warnings.push_back(warning);
  return course;
}

}  // namespace

void generate(const Model& model, const Settings& settings, const GenerateHooks& hooks,
              std::vector<std::string>& warnings) {
  const c10::InferenceMode no_gradients;
  const Pictures pictures = read_pictures(settings, warnings);
  const std::optional<Refining>& refining = settings.refining;
  std::optional<Beginning> beginning;
  for (int64_t first = 0; first < settings.n; first += kLargestBatch) {
    const int64_t batch = std::min(kLargestBatch, settings.n - first);
    const auto tell = [&](JobStage stage, size_t done, size_t total) {
      if (hooks.on_progress) hooks.on_progress({stage, first, batch, settings.n, done, total});
    };

    tell(JobStage::encode, 0, 0);
    std::vector<std::string> batch_warnings;
    const Course texts = encode(model, settings, batch, batch_warnings);
    const Course refiners = refining ? encode_again(*refining, batch, batch_warnings) : Course();
    if (first == 0) warnings.insert(warnings.end(), batch_warnings.begin(), batch_warnings.end());

    if (hooks.are_made && hooks.are_made(first, batch)) continue;

    std::vector<uint64_t> seeds;
    for (int64_t k = 0; k < batch; ++k) seeds.push_back(settings.seed + static_cast<uint64_t>(first + k));
    SeededNoise noise(seeds);
    if (!beginning) beginning.emplace(model, settings, pixels_of(pictures));
    const Start start = beginning->start(batch, plan_of(settings), noise);
    tell(JobStage::denoise, 0, static_cast<size_t>(settings.steps_done()));
    const auto on_step = [&](size_t done, size_t total, const Tensor&) { tell(JobStage::denoise, done, total); };
    const Course course = with_beside(texts, start.beside, settings.guidance);
    const Tensor latents = refining ? denoise_and_refine(model, settings, course, refiners, start, noise,
                                                         on_step, hooks.wrap_denoise)
                                    : denoise(model, settings, course, start, noise, on_step, hooks.wrap_denoise);

    tell(JobStage::decode, 0, 0);
    const Tensor pixels = decode(refining ? *refining->model : model, latents);
    if (!hooks.on_image) continue;
    for (int64_t k = 0; k < batch; ++k)
      hooks.on_image({paste_back(pictures, settings.request, pixels[k]), first + k, seeds[static_cast<size_t>(k)]});
  }
}

}  // namespace alice
