#include "server/config/config_layer.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "core/base/nearest.h"
#include "core/base/request_fields.h"
#include "server/config/alice_dialect.h"
#include "server/config/model_names.h"
#include "server/config/openai_section.h"
#include "server/config/retention_section.h"
#include "server/config/section_tables.h"
#include "server/config/server_options.h"
#include "server/config/worker_groups.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kModelsKeys = {"directory", "default_model", "preload", "aliases"};
constexpr const char* kRoles[] = {"text_encoder", "text_encoder_2", "unet", "vae"};
const std::vector<std::string> kStorageKeys = {"data_directory", "images_directory"};

struct GenerationSettings {
  int threads = 0;
  std::string backend;
  std::optional<int64_t> max_pixels;
};

constexpr Range kPixels = {0, 1e9};
constexpr const char* kPixelsHelp = "the most pixels of a picture, width times height; 0: any number";

const OptionTable<ModelConfig>& model_limits() {
  static const auto table =
      OptionTable<ModelConfig>().integer("max_pixels", &ModelConfig::max_pixels, kPixels, kPixelsHelp, "pixels");
  return table;
}

const OptionTable<GenerationSettings>& generation_options() {
  static const auto table =
      OptionTable<GenerationSettings>()
          .integer("threads", &GenerationSettings::threads, {0, 1024}, "compute threads; 0: one a core")
          .text("backend", &GenerationSettings::backend, "the name of a backend, or auto")
          .integer("max_pixels", &GenerationSettings::max_pixels, kPixels, kPixelsHelp, "pixels");
  return table;
}

std::vector<std::string> prefixed(const std::string& prefix, const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& name : names) out.push_back(prefix + name);
  return out;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// Reads one layer; lives as long as that takes.
class LayerReader : private SectionReader {
 public:
  LayerReader(const fs::path& base, const KnownFolders& folders, Config& config, Faults& faults)
      : SectionReader(base, folders, faults), config_(config), faults_(faults) {}

  void read(const ConfigNode& root) {
    const auto sections =
        joined({"plugins", "backends", "models", "generation", "server", "jobs", "workers", "storage", "retention",
                "openai", "logging"},
               alice_sections());
    if (!is_map(root, "a configuration", sections)) return;
    for (const auto& [key, place, value] : root.members) {
      if (key == "plugins")
        read_plugins(value);
      else if (key == "backends")
        read_backends(value);
      else if (key == "models")
        read_models(value);
      else if (key == "generation")
        read_generation(value);
      else if (key == "server")
        read_server(value);
      else if (key == "jobs")
        read_jobs(value);
      else if (key == "workers")
        read_workers(value);
      else if (key == "storage")
        read_storage(value);
      else if (key == "retention")
        read_retention_section(value);
      else if (key == "openai")
        read_openai_section(value);
      else if (key == "logging")
        read_logging(value);
      else if (contains(alice_sections(), key))
        is_map(value, key, alice_keys(key));
    }
  }

 private:
  /// Reads request defaults: the members of `node` that are `prefix` and one of `names`.
  void read_defaults(const ConfigNode& node, const std::string& prefix, const std::vector<std::string>& names,
                     GenerateRequest& into) {
    ConfigNode unprefixed;
    unprefixed.kind = ConfigNode::Kind::map;
    for (const std::string& name : names)
      if (const auto* member = node.find(prefix + name))
        unprefixed.members.push_back({name, member->place, member->value});
    read_options(generate_options(), unprefixed, into);
  }

  void read_plugins(const ConfigNode& node) {
    if (node.is_null()) return;
    config_.host.plugins = plugins_in(node);
    note_origin("plugins", node);
  }

  void read_backends(const ConfigNode& node) {
    if (!is_map(node, "backends")) return;
    for (const auto& [name, place, value] : node.members) {
      if (name.empty() || name == "auto") faults_.add(place, "'" + name + "' cannot be the name of a backend");
      const PartConfig part = read_part(value, "a backend", {"plugin", "options"});
      if (value.is_null() || (value.kind == ConfigNode::Kind::map && value.find("plugin") == nullptr))
        faults_.add(place, "backend " + name + " must name its plugin");
      config_.host.backends[name] = {part.plugin, part.options, part.place};
      note_origin("backends." + name, value);
    }
  }

  void read_models(const ConfigNode& node) {
    if (!is_map(node, "models")) return;
    for (const auto& [key, place, value] : node.members) {
      if (key == "directory" && !value.is_null()) config_.host.models_directory = path_in(name_in(value, key));
      if (key == "preload") config_.preload = preload_in(value);
      if (key == "aliases") config_.server.model_aliases = read_model_aliases(value, *this);
      if (key == "default_model") config_.default_model = value.is_null() ? "" : name_in(value, key);
      if (key.compare(0, 3, kModelPrefix) == 0)
        config_.host.models[key] = read_model(key, place, value);
      else
        check_models_key(key, place);
      note_origin("models." + key, value);
    }
  }

  std::vector<PlacedName> preload_in(const ConfigNode& node) {
    return node.is_null() ? std::vector<PlacedName>() : read_model_ids(node, "preload", *this);
  }

  void check_models_key(const std::string& key, const std::string& place) {
    if (contains(kModelsKeys, key)) return;
    faults_.add(place, "'" + key + "' is no key of models, and a model's id begins with " + kModelPrefix +
                           did_you_mean(key, joined(kModelsKeys, alice_keys("models"))));
  }

  ModelConfig read_model(const std::string& id, const std::string& place, const ConfigNode& node) {
    ModelConfig model;
    model.id = id;
    model.place = place;
    if (id == kModelPrefix) faults_.add(place, "a model's id needs a name after " + std::string(kModelPrefix));
    if (!is_map(node, "a model",
                {"source", "backend", "family", "scheduler", "text_encoder", "text_encoder_2", "unet", "vae",
                 "defaults", "max_pixels"}))
      return model;
    read_options(model_limits(), node, model);
    for (const auto& [key, key_place, value] : node.members) {
      if (value.is_null()) continue;
      if (key == "source") model.source = source_in(value);
      if (key == "backend") model.backend = backend_in(value);
      if (key == "scheduler") model.scheduler = read_part(value, key, {"plugin", "options"});
      if (key == "family") model.family = read_part(value, key, {"plugin"});
      for (const char* role : kRoles)
        if (key == role) model.parts[key] = read_part(value, key, {"plugin", "source", "options"});
      if (key == "defaults" && is_map(value, "a model's defaults", model_default_names()))
        read_defaults(value, "", model_default_names(), model.defaults);
    }
    return model;
  }

  fs::path source_in(const ConfigNode& node) {
    const std::string name = name_in(node, "source");
    return name.empty() ? fs::path() : path_in(name);
  }

  std::string backend_in(const ConfigNode& node) {
    const std::string name = name_in(node, "backend");
    return name == "auto" ? "" : name;
  }

  /// A plugin's name alone, or a map of `allowed`: plugin, source, options.
  PartConfig read_part(const ConfigNode& node, const std::string& what, const std::vector<std::string>& allowed) {
    PartConfig part;
    part.place = node.key_places();
    if (node.is_text())
      part.plugin = name_in(node, what);
    else if (is_map(node, what + ", unless it is a plugin's name,", allowed))
      read_part_members(node, what, part);
    return part;
  }

  void read_part_members(const ConfigNode& node, const std::string& what, PartConfig& part) {
    if (const auto* plugin = node.find("plugin")) part.plugin = name_in(plugin->value, "plugin");
    if (const auto* source = node.find("source")) part.source = source_in(source->value);
    const auto* options = node.find("options");
    if (options == nullptr || !is_map(options->value, "options of " + what)) return;
    part.options = options->value.to_json();
    part.place = part_places(node, options->value);
  }

  /// The places of options, and of the part's own keys.
  static PlaceOf part_places(const ConfigNode& part, const ConfigNode& options) {
    return [own = part.key_places(), of_options = options.key_places(),
            options_place = options.place](const std::string& name) {
      const std::string place = of_options(name);
      return place == options_place ? own(name) : place;
    };
  }

  void read_generation(const ConfigNode& node) {
    const auto allowed = joined(prefixed("default_", general_default_names()),
                                joined(names_of(generation_options()), names_of(concurrency_options())));
    if (!is_map(node, "generation", joined(allowed, alice_keys("generation")))) return;
    read_defaults(node, "default_", general_default_names(), config_.host.defaults);
    GenerationSettings settings{config_.host.threads, config_.host.default_backend, config_.host.max_pixels};
    read_options(generation_options(), node, settings);
    read_options(concurrency_options(), node, config_.server);
    config_.host.threads = settings.threads;
    config_.host.max_pixels = settings.max_pixels;
    config_.host.default_backend = settings.backend == "auto" ? "" : settings.backend;
    note_origins("generation", node);
  }

  void read_server(ConfigNode node) {
    if (!is_map(node, "server", joined(joined(names_of(server_options()), {kApiKey}), alice_keys("server")))) return;
    resolve_local_names(node);
    check_server_values(node, faults_);
    note_origins("server", node);
    if (node.find(kApiKey) != nullptr) config_.server.api_key = api_key_in(node, faults_);
    auto& members = node.members;
    members.erase(std::remove_if(members.begin(), members.end(), [](const auto& one) { return one.key == kApiKey; }),
                  members.end());
    for (auto& [key, place, value] : members)
      if (key == "blocked_words_file" && value.is_text() && value.scalar != "")
        value.scalar = path_in(value.scalar.get<std::string>()).string();
    read_options(server_options(), node, config_.server);
  }

  void read_jobs(const ConfigNode& node) {
    if (!is_map(node, "jobs", names_of(job_options()))) return;
    read_options(job_options(), node, config_.server);
    note_origins("jobs", node);
  }

  void read_workers(const ConfigNode& node) {
    read_worker_groups(node, *this, config_.server);
    note_origins("workers", node);
  }

  void read_storage(const ConfigNode& node) {
    const auto keys = joined(kStorageKeys, names_of(storage_options()));
    if (!is_map(node, "storage", joined(keys, alice_keys("storage")))) return;
    for (const auto& [key, place, value] : node.members) {
      if (value.is_null()) continue;
      if (key == "data_directory") config_.server.data_directory = path_in(name_in(value, key));
      if (key == "images_directory") config_.server.images_directory = path_in(name_in(value, key));
    }
    read_options(storage_options(), node, config_.server);
    note_origins("storage", node);
  }

  void read_retention_section(const ConfigNode& node) {
    read_retention(node, *this, config_.server);
    note_origins("retention", node);
  }

  void read_openai_section(const ConfigNode& node) {
    read_openai(node, *this, config_.server);
    note_origins("openai", node);
  }

  void read_logging(ConfigNode node) {
    if (!is_map(node, "logging", names_of(logging_options()))) return;
    for (auto& [key, place, value] : node.members) {
      if (key == "level" && value.is_text()) value.scalar = lower(value.scalar.get<std::string>());
      if (key == "file" && value.is_text()) value.scalar = path_in(value.scalar.get<std::string>()).string();
      if (key == "file") config_.logging.file_place = value.place;
      note_origin("logging." + key, value);
    }
    read_options(logging_options(), node, config_.logging);
  }

  /// Of a section that is put together key by key.
  void note_origins(const std::string& section, const ConfigNode& node) {
    for (const auto& member : node.members) note_origin(section + "." + member.key, member.value);
  }

  /// Remembers where `name`, and every value in it, was said; what a weaker layer said of it is forgotten.
  void note_origin(const std::string& name, const ConfigNode& node) {
    auto& origins = config_.origins;
    const std::string inside = name + ".";
    origins.erase(name);
    for (auto at = origins.lower_bound(inside);
         at != origins.end() && at->first.compare(0, inside.size(), inside) == 0;)
      at = origins.erase(at);
    if (node.kind != ConfigNode::Kind::map) origins[name] = node.place;
    for (const auto& member : node.members) note_origin(inside + member.key, member.value);
  }

  Config& config_;
  Faults& faults_;
};

}  // namespace

void read_layer(ConfigLayer layer, const KnownFolders& folders, Config& config, Faults& faults) {
  take_alice_keys(layer.root, config.warnings);
  LayerReader(layer.base, folders, config, faults).read(layer.root);
}

}  // namespace alice
