#include "core/host/model_defaults.h"

#include <algorithm>

#include "core/base/generation_defaults.h"
#include "core/base/nearest.h"

namespace alice {
namespace {

const std::vector<std::string> kNames = {"steps", "guidance_scale", "width", "height", "negative_prompt", "clip_skip"};

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
  configured = with_defaults(configured, read_generate_request(known, place, faults));
}

}  // namespace alice
