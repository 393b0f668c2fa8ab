#include "core/base/generation_defaults.h"

namespace alice {

Json describe_defaults(const GenerateRequest& configured) {
  const auto side = [](const std::optional<int64_t>& pixels) { return pixels ? Json(*pixels) : Json(nullptr); };
  return {{"steps", configured.steps.value_or(kDefaultSteps)},
          {"guidance_scale", configured.guidance_scale.value_or(kDefaultGuidance)},
          {"scheduler", configured.scheduler},
          {"width", side(configured.width)},
          {"height", side(configured.height)},
          {"guidance_start", configured.guidance_start.value_or(kDefaultGuidanceStart)},
          {"guidance_end", configured.guidance_end.value_or(kDefaultGuidanceEnd)},
          {"deepcache_interval", configured.deepcache_interval.value_or(kDefaultDeepcacheInterval)},
          {"token_merging_ratio", configured.token_merging_ratio.value_or(kDefaultTokenMerging)}};
}

}  // namespace alice
