#include "server/front/http/model_aliases.h"

#include <fnmatch.h>

#include <map>

#include "core/base/utf8.h"

namespace alice {
namespace {

/// OpenAI's models that make pictures, by the families of their names (openai-python, ImageModel).
const std::map<std::string, std::string>& built_in_aliases() {
  static const std::map<std::string, std::string> aliases = {
      {"gpt-image-*", ""}, {"chatgpt-image-*", ""}, {"dall-e-*", ""}};
  return aliases;
}

bool fits(const std::string& pattern, const std::string& name) {
  return fnmatch(pattern.c_str(), name.c_str(), FNM_NOESCAPE) == 0;
}

/// The whole name, else the longest pattern; null when none fits.
const std::string* find_alias(const std::map<std::string, std::string>& aliases, const std::string& name) {
  if (const auto exact = aliases.find(name); exact != aliases.end()) return &exact->second;
  const std::pair<const std::string, std::string>* best = nullptr;
  for (const auto& alias : aliases)
    if (fits(alias.first, name) && (best == nullptr || alias.first.size() > best->first.size())) best = &alias;
  return best == nullptr ? nullptr : &best->second;
}

bool is_a_models(const std::string& name, const Json& description) {
  const auto models = description.find("models");
  if (models == description.end()) return false;
  for (const Json& model : *models) {
    const std::string id = model.value("id", "");
    if (id == name || id.substr(id.find('/') + 1) == name) return true;
  }
  return false;
}

}  // namespace

MeantModel meant_model(const std::string& asked, const ServerConfig& config, const Json& description) {
  if (asked.empty() || is_a_models(asked, description)) return {asked, ""};
  if (const std::string* id = find_alias(config.model_aliases, asked)) return {*id, ""};
  if (const std::string* id = find_alias(built_in_aliases(), asked))
    return {*id, "model: '" + brief(asked) + "' is not here; the default model stands for it (models.aliases)"};
  return {asked, ""};
}

bool expects_base64(const std::string& asked) {
  return asked.rfind("gpt-image", 0) == 0 || asked.rfind("chatgpt-image", 0) == 0;
}

}  // namespace alice
