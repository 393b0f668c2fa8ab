#include "core/base/generation_defaults.h"

namespace alice {
namespace {

template <class T>
void fill(std::optional<T>& value, const std::optional<T>& otherwise) {
  if (!value) value = otherwise;
}

}  // namespace

GenerateRequest built_in_defaults(std::optional<int64_t> native_side) {
  GenerateRequest defaults;
  defaults.steps = kDefaultSteps;
  defaults.guidance_scale = kDefaultGuidance;
  defaults.guidance_start = kDefaultGuidanceStart;
  defaults.guidance_end = kDefaultGuidanceEnd;
  defaults.deepcache_interval = kDefaultDeepcacheInterval;
  defaults.token_merging_ratio = kDefaultTokenMerging;
  defaults.width = defaults.height = native_side;
  return defaults;
}

GenerateRequest with_defaults(GenerateRequest request, const GenerateRequest& defaults) {
  fill(request.steps, defaults.steps);
  fill(request.guidance_scale, defaults.guidance_scale);
  fill(request.guidance_start, defaults.guidance_start);
  fill(request.guidance_end, defaults.guidance_end);
  fill(request.deepcache_interval, defaults.deepcache_interval);
  fill(request.token_merging_ratio, defaults.token_merging_ratio);
  fill(request.width, defaults.width);
  fill(request.height, defaults.height);
  if (request.negative_prompt.empty()) request.negative_prompt = defaults.negative_prompt;
  if (request.clip_skip == 0) request.clip_skip = defaults.clip_skip;
  if (request.scheduler.empty()) request.scheduler = defaults.scheduler;
  return request;
}

Json describe_defaults(const GenerateRequest& defaults) {
  const Json all = generate_options().write(with_defaults(defaults, built_in_defaults()));
  Json described = Json::object();
  for (const char* name : {"steps", "guidance_scale", "scheduler", "width", "height", "negative_prompt", "clip_skip",
                           "guidance_start", "guidance_end", "deepcache_interval", "token_merging_ratio"})
    described[name] = all.at(name);
  return described;
}

}  // namespace alice
