#include "server/config/config_yaml.h"

#include <algorithm>

#include "core/base/request_fields.h"
#include "server/config/retention_section.h"
#include "server/config/section_tables.h"
#include "server/config/server_options.h"
#include "server/config/worker_groups.h"

namespace alice {
namespace {

constexpr const char* kPlainLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-";

/// A word that YAML reads as that word.
bool is_plain(const std::string& text) {
  static const std::vector<std::string> reserved = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  const bool begins_right = !text.empty() && (std::isalpha(static_cast<unsigned char>(text[0])) != 0 || text[0] == '/');
  return begins_right && text.find_first_not_of(kPlainLetters) == text.npos &&
         std::find(reserved.begin(), reserved.end(), text) == reserved.end();
}

/// JSON is YAML; single words look better without quotes.
std::string shown(const Json& value) {
  return value.is_string() && is_plain(value.get<std::string>()) ? value.get<std::string>() : dump_json(value);
}

class YamlText {
 public:
  explicit YamlText(const Config& config) : config_(config) {}

  void comment(const std::string& text) { text_ += "# " + text + "\n"; }
  void section(const std::string& name, bool is_empty = false) { text_ += name + (is_empty ? ": {}\n" : ":\n"); }
  void inner_section(const std::string& name) { text_ += "  " + shown(name) + ":\n"; }
  /// `key`: as origins have it. The name behind its last dot that is not within an id is written, `depth` levels in.
  void value(size_t depth, const std::string& name, const std::string& key, const Json& value) {
    const std::string line = std::string(2 * depth, ' ') + shown(name) + ": " + shown(value);
    constexpr size_t kColumn = 56;
    text_ += line + std::string(line.size() < kColumn ? kColumn - line.size() : 2, ' ') + "# " + origin(key) + "\n";
  }
  template <class T>
  void values(const OptionTable<T>& table, const T& options, const std::string& prefix, size_t depth) {
    const Json all = table.write(options);
    for (const OptionSpec& spec : table.specs()) value(depth, spec.name, prefix + "." + spec.name, all.at(spec.name));
  }
  const std::string& text() const { return text_; }

 private:
  /// Where the value, or the first of what is in it, was said.
  std::string origin(const std::string& key) const {
    const auto inside = config_.origins.lower_bound(key);
    const bool is_its = inside != config_.origins.end() &&
                        (inside->first == key || inside->first.compare(0, key.size() + 1, key + ".") == 0);
    return is_its ? inside->second : "built-in";
  }

  const Config& config_;
  std::string text_;
};

Json paths_json(const std::vector<PlacedPath>& paths) {
  Json list = Json::array();
  for (const PlacedPath& path : paths) list.push_back(path.path.string());
  return list;
}

Json names_json(const std::vector<PlacedName>& names) {
  Json list = Json::array();
  for (const PlacedName& name : names) list.push_back(name.name);
  return list;
}

Json part_json(const PartConfig& part) {
  Json json = Json::object();
  if (!part.plugin.empty()) json["plugin"] = part.plugin;
  if (!part.source.empty()) json["source"] = part.source.string();
  if (part.options.is_object() && !part.options.empty()) json["options"] = part.options;
  return json;
}

/// Of a request's fields those that are said.
Json said(const GenerateRequest& request, const std::vector<std::string>& names) {
  const Json all = write_generate_request(request), unsaid = write_generate_request(GenerateRequest());
  Json some = Json::object();
  for (const std::string& name : names)
    if (all.at(name) != unsaid.at(name)) some[name] = all.at(name);
  return some;
}

void add_model(const ModelConfig& model, YamlText& out) {
  const std::string key = "models." + model.id;
  out.inner_section(model.id);
  out.value(2, "source", key + ".source", model.source.string());
  if (!model.backend.empty()) out.value(2, "backend", key + ".backend", model.backend);
  if (model.max_pixels) out.value(2, "max_pixels", key + ".max_pixels", *model.max_pixels);
  const auto add_part = [&](const std::string& name, const PartConfig& part) {
    if (const Json json = part_json(part); !json.empty()) out.value(2, name, key + "." + name, json);
  };
  add_part("family", model.family);
  add_part("scheduler", model.scheduler);
  for (const auto& [role, part] : model.parts) add_part(role, part);
  if (const Json defaults = said(model.defaults, model_default_names()); !defaults.empty())
    out.value(2, "defaults", key + ".defaults", defaults);
}

void add_backends(const Config& config, YamlText& out) {
  out.section("backends", config.host.backends.empty());
  for (const auto& [name, backend] : config.host.backends) {
    Json json = {{"plugin", backend.plugin}};
    if (backend.options.is_object() && !backend.options.empty()) json["options"] = backend.options;
    out.value(1, name, "backends." + name, json);
  }
}

void add_models(const Config& config, YamlText& out) {
  out.section("models");
  if (config.host.shipped_models.empty())
    out.value(1, "directory", "models.directory", config.host.models_directory.string());
  else  // said, it would leave out the models that come with ALICE
    out.comment("directory: " + config.host.models_directory.string() + " and " + config.host.shipped_models.string());
  out.value(1, "default_model", "models.default_model",
            config.default_model.empty() ? Json(nullptr) : Json(config.default_model));
  out.value(1, "preload", "models.preload", names_json(config.preload));
  Json aliases = Json::object();
  for (const auto& [name, model] : config.server.model_aliases)
    aliases[name] = model.empty() ? kDefaultModelWord : model;
  out.value(1, "aliases", "models.aliases", aliases);
  for (const auto& model : config.host.models) add_model(model.second, out);
}

void add_generation(const Config& config, YamlText& out) {
  out.section("generation");
  const Json defaults = write_generate_request(config.host.defaults);
  for (const std::string& name : general_default_names())
    out.value(1, "default_" + name, "generation.default_" + name, defaults.at(name));
  const std::string& backend = config.host.default_backend;
  out.value(1, "backend", "generation.backend", backend.empty() ? "auto" : backend);
  out.value(1, "threads", "generation.threads", config.host.threads);
  out.value(1, "max_pixels", "generation.max_pixels",
            config.host.max_pixels ? Json(*config.host.max_pixels) : Json(nullptr));
  out.values(concurrency_options(), config.server, "generation", 1);
}

void add_groups(const Config& config, YamlText& out) {
  out.section("workers", config.server.groups.empty());
  for (const auto& [name, group] : config.server.groups) {
    const std::string key = "workers." + name;
    out.inner_section(name);
    if (name != kDefaultGroup) {
      out.value(2, "models", key + ".models", names_json(group.models));
      out.value(2, "plugins", key + ".plugins", paths_json(group.plugins));
    }
    const Json all = group_options().write(group);
    for (const OptionSpec& spec : group_options().specs())
      if (!all.at(spec.name).is_null()) out.value(2, spec.name, key + "." + spec.name, all.at(spec.name));
  }
}

void add_retention(const Config& config, YamlText& out) {
  out.section("retention");
  for (const auto& [name, limits] : {std::pair("jobs", &config.server.retained_jobs),
                                     std::pair("pictures", &config.server.retained_pictures),
                                     std::pair("records", &config.server.retained_records)})
    out.value(1, name, std::string("retention.") + name, retention_options().write(*limits));
}

void add_openai(const Config& config, YamlText& out) {
  Json quality = Json::object();
  for (const auto& [word, settings] : config.server.quality) quality[word] = said(settings, model_default_names());
  out.section("openai");
  out.value(1, "quality", "openai.quality", quality);
}

}  // namespace

std::string config_yaml(const Config& config) {
  YamlText out(config);
  if (config.sources.empty()) out.comment("No file and no variable was read: all is built in.");
  for (const std::string& source : config.sources) out.comment("Read: " + source);
  out.value(0, "plugins", "plugins", paths_json(config.host.plugins));
  add_backends(config, out);
  add_models(config, out);
  add_generation(config, out);
  out.section("server");
  out.values(server_options(), config.server, "server", 1);
  if (!config.server.api_key.empty())
    out.comment(std::string("  ") + kApiKey + " is a secret, and said at " + config.origin("server.api_key"));
  out.section("jobs");
  out.values(job_options(), config.server, "jobs", 1);
  add_groups(config, out);
  out.section("storage");
  out.value(1, "data_directory", "storage.data_directory", config.server.data_directory.string());
  out.value(1, "images_directory", "storage.images_directory", config.server.images_directory.string());
  out.values(storage_options(), config.server, "storage", 1);
  add_retention(config, out);
  add_openai(config, out);
  out.section("logging");
  out.values(logging_options(), config.logging, "logging", 1);
  return out.text();
}

std::string model_yaml(const ModelConfig& model, const Config& config) {
  YamlText out(config);
  out.section("models");
  add_model(model, out);
  return out.text();
}

}  // namespace alice
