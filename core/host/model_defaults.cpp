#include "core/host/model_defaults.h"

#include <algorithm>

#include "core/base/generation_defaults.h"
#include "core/base/nearest.h"
#include "core/base/request_fields.h"

namespace alice {

void fill_defaults(GenerateRequest& configured, const Json& own, const PlaceOf& place, Faults& faults) {
  if (own.is_null()) return;
  const std::vector<std::string>& names = model_default_names();
  Json known = Json::object();
  for (const auto& member : own.items()) {
    if (std::find(names.begin(), names.end(), member.key()) != names.end())
      known[member.key()] = member.value();
    else
      faults.add(place(member.key()), "is no default that a model can have" + did_you_mean(member.key(), names));
  }
  configured = with_defaults(configured, read_generate_request(known, place, faults));
}

}  // namespace alice
