#include "server/front/http/model_list.h"

namespace alice {
namespace {

constexpr double kMegabyte = 1024.0 * 1024.0;

std::string name_of(const std::string& id) { return id.substr(id.rfind('/') + 1); }

Json models_of(const Json& description) {
  const auto found = description.find("models");
  return found != description.end() && found->is_array() ? *found : Json::array();
}

std::string id_of(const Json& model) { return model.value("id", ""); }
bool is_available(const Json& model) { return model.value("available", false); }

Json entry_of(const Json& model) {
  const std::string id = id_of(model);
  Json entry = {{"id", id},
                {"object", "model"},
                {"created", model.value("created", int64_t{0})},
                {"owned_by", "alice"},
                {"ownedBy", "alice"},  // ALICE's own spelling; clients of both are common
                {"name", name_of(id)},
                {"description", model.value("description", "")},
                {"size_mb", model.value("bytes", 0.0) / kMegabyte},
                {"available", is_available(model)}};
  if (const auto why = model.find("unavailable"); why != model.end()) entry["unavailable"] = *why;
  return entry;
}

}  // namespace

Json list_models(const Json& description) {
  Json data = Json::array();
  for (const Json& model : models_of(description)) data.push_back(entry_of(model));
  return {{"object", "list"}, {"data", data}};
}

Json find_model(const Json& description, const std::string& id) {
  for (const Json& model : models_of(description))
    if (id_of(model) == id) return entry_of(model);
  return nullptr;
}

int64_t count_models(const Json& description) {
  int64_t count = 0;
  for (const Json& model : models_of(description)) count += is_available(model) ? 1 : 0;
  return count;
}

}  // namespace alice
