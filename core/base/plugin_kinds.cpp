#include "core/base/plugin_kinds.h"

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/nearest.h"
#include "plugin_kinds_text.h"

namespace alice {

const std::vector<PluginKind>& plugin_kinds() {
  static const std::vector<PluginKind> kinds = [] {
    std::vector<PluginKind> list;
    for (const Json& kind : parse_json(kPluginKindsText, "plugin_kinds.json"))
      list.push_back({kind.at("name"), kind.at("words")});
    return list;
  }();
  return kinds;
}

std::vector<std::string> plugin_kind_names() {
  std::vector<std::string> names;
  for (const PluginKind& kind : plugin_kinds()) names.push_back(kind.name);
  return names;
}

const PluginKind& plugin_kind(const std::string& name) {
  for (const PluginKind& kind : plugin_kinds())
    if (kind.name == name) return kind;
  throw Error(ErrorCode::unsupported, "",
              "enrols a '" + name + "', which is no kind of plugin that this ALICE knows" +
                  did_you_mean(name, plugin_kind_names()));
}

}  // namespace alice
