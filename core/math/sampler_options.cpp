#include "core/math/sampler_options.h"

#include "core/math/x0_estimate.h"

namespace alice {

PlaceOf places_of(const OptionLayers& layers) {
  return [layers](const std::string& name) {
    for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer)
      if (layer->values.is_object() && layer->values.contains(name)) return layer->place(name);
    return "/" + name;
  };
}

Tensor limited(const Tensor& x0, const ThresholdingOptions& thresholding, const ClipOptions& bounds) {
  if (thresholding.thresholding)
    return thresholded(x0, thresholding.dynamic_thresholding_ratio, thresholding.sample_max_value);
  return bounds.clip_sample ? x0.clamp(-bounds.clip_sample_range, bounds.clip_sample_range) : x0;
}

SigmaSpacing sigma_spacing(const SigmaOptions& options) {
  if (options.use_karras_sigmas.value_or(false)) return SigmaSpacing::karras;
  if (options.use_exponential_sigmas.value_or(false)) return SigmaSpacing::exponential;
  if (options.use_beta_sigmas.value_or(false)) return SigmaSpacing::beta;
  return SigmaSpacing::uniform_in_time;
}

void check_sigma_options(const SigmaOptions& options, const PlaceOf& place, Faults& faults) {
  std::string first;
  const auto check = [&](const std::optional<bool>& wanted, const std::string& name) {
    if (!wanted.value_or(false)) return;
    if (first.empty())
      first = name;
    else
      faults.add(place(name), "excludes " + first + ": only one spacing of the noise levels can be used");
  };
  check(options.use_karras_sigmas, "use_karras_sigmas");
  check(options.use_exponential_sigmas, "use_exponential_sigmas");
  check(options.use_beta_sigmas, "use_beta_sigmas");
  check_run_spacing(options, place, faults);
}

Json spacing_preset(SigmaSpacing spacing) {
  return {{"use_karras_sigmas", spacing == SigmaSpacing::karras},
          {"use_exponential_sigmas", spacing == SigmaSpacing::exponential},
          {"use_beta_sigmas", spacing == SigmaSpacing::beta}};
}

Json joined(Json preset, const Json& more) {
  preset.update(more);
  return preset;
}

}  // namespace alice
