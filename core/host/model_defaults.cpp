#include "core/host/model_defaults.h"

#include <algorithm>

#include "core/base/nearest.h"

namespace alice {
namespace {

const std::vector<std::string> kNames = {"steps", "guidance_scale", "width", "height", "negative_prompt", "clip_skip"};

template <class T>
void fill(std::optional<T>& configured, const std::optional<T>& own) {
  if (!configured) configured = own;
}

}  // namespace

void fill_defaults(GenerateRequest& configured, const Json& own, const PlaceOf& place, Faults& faults) {
  if (own.is_null()) return;
  Json known = Json::object();
  for (const auto& member : own.items()) {
    if (std::find(kNames.begin(), kNames.end(), member.key()) != kNames.end())
      known[member.key()] = member.value();
    else
      faults.add(place(member.key()), "is no default that a model can have" + did_you_mean(member.key(), kNames));
  }
  const GenerateRequest read = read_generate_request(known, place, faults);
  fill(configured.steps, read.steps);
  fill(configured.guidance_scale, read.guidance_scale);
  fill(configured.width, read.width);
  fill(configured.height, read.height);
  if (configured.negative_prompt.empty()) configured.negative_prompt = read.negative_prompt;
  if (configured.clip_skip == 0) configured.clip_skip = read.clip_skip;
}

}  // namespace alice
