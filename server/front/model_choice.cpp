#include "server/front/model_choice.h"

#include <algorithm>
#include <vector>

#include "core/base/error.h"
#include "core/base/implied_model.h"
#include "core/base/nearest.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

constexpr const char* kPlace = "/model";
constexpr size_t kMostListed = 20;

std::vector<std::string> usable_models(const Json& models) {
  std::vector<std::string> ids;
  for (const Json& model : models)
    if (model.value("available", false)) ids.push_back(model.value("id", ""));
  return ids;
}

/// "; there are a, b and 3 more".
std::string list_of(const std::vector<std::string>& ids) {
  if (ids.empty()) return "; there is no model that can be used";
  std::string text = ids.size() == 1 ? "; there is " : "; there are ";
  for (size_t i = 0; i < std::min(ids.size(), kMostListed); ++i) text += (i ? ", " : "") + ids[i];
  if (ids.size() > kMostListed) text += " and " + std::to_string(ids.size() - kMostListed) + " more";
  return text;
}

std::string without_kind(const std::string& id) { return id.substr(id.find('/') + 1); }

std::string find_model(const std::string& name, const std::string& said, const Json& models,
                       const char* place = kPlace) {
  for (const Json& model : models) {
    const std::string id = model.value("id", "");
    if (id != name && without_kind(id) != name) continue;
    if (model.value("available", false)) return id;
    throw Error(ErrorCode::not_found, place,
                said + " cannot be used: " + model.value("unavailable", "no reason is known"));
  }
  const std::vector<std::string> ids = usable_models(models);
  const std::string near = nearest(name, ids);
  throw Error(ErrorCode::not_found, place,
              said + " is not there" + (near.empty() ? "" : " (did you mean '" + near + "'?)") + list_of(ids));
}

}  // namespace

std::string choose_model(const std::string& requested, const std::string& default_model, const Json& description) {
  const Json models = description.value("models", Json::array());
  if (!requested.empty()) return find_model(requested, "the model '" + brief(requested) + "'", models);
  if (!default_model.empty())
    return find_model(default_model, "no model is named, and the default model '" + default_model + "'", models);
  const std::vector<std::string> ids = usable_models(models);
  if (const std::string implied = implied_model(ids); !implied.empty()) return implied;
  throw Error(ErrorCode::bad_request, kPlace, "names no model, and the configuration has no default" + list_of(ids));
}

std::string choose_refiner(const std::string& requested, const Json& description) {
  if (requested.empty() || !description.contains("models")) return requested;
  return find_model(requested, "the model '" + brief(requested) + "'", description.at("models"), "/refiner");
}

}  // namespace alice
