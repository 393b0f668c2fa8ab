#include "core/host/registry.h"

#include <algorithm>
#include <cctype>

#include "core/api/plugin.h"
#include "core/base/nearest.h"
#include "core/host/plugin_loader.h"

namespace alice {
namespace {

bool same_name(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::vector<std::string> names_of(const FactoryInfo& info) {
  std::vector<std::string> names = {info.id};
  for (const Alias& alias : info.aliases) names.push_back(alias.name);
  return names;
}

/// Throws when one of `factories` bears a name of `info`.
void check_names_are_free(const FactoryInfo& info, const std::vector<std::unique_ptr<Factory>>& factories,
                          const PluginKind& kind) {
  for (const auto& other : factories)
    for (const std::string& taken : names_of(other->info()))
      for (const std::string& name : names_of(info))
        if (same_name(name, taken))
          throw Error(
              ErrorCode::unsupported, "",
              "brings the " + kind.words + " '" + name + "', but that name is taken by '" + other->info().id + "'");
}

Json describe_list(const FactoryList& list) {
  Json out = Json::array();
  for (const auto& factory : list.all()) {
    const FactoryInfo& info = factory->info();
    Json aliases = Json::array(), options = Json::array();
    for (const Alias& alias : info.aliases) aliases.push_back({{"name", alias.name}, {"options", alias.options}});
    for (const OptionSpec& option : info.options) options.push_back(option.to_json());
    out.push_back(
        {{"id", info.id}, {"help", info.help}, {"aliases", aliases}, {"classes", info.classes}, {"options", options}});
  }
  return out;
}

}  // namespace

NamedFactory<Factory> FactoryList::find(const std::string& name) const {
  for (const auto& factory : all_) {
    if (same_name(factory->info().id, name)) return {factory.get(), Json::object()};
    for (const Alias& alias : factory->info().aliases)
      if (same_name(alias.name, name)) return {factory.get(), alias.options};
  }
  return {};
}

NamedFactory<Factory> FactoryList::get(const std::string& name, const std::string& place, ErrorCode code) const {
  NamedFactory<Factory> found = find(name);
  if (!found.factory)
    throw Error(code, place, "there is no " + kind_.words + " '" + name + "'" + did_you_mean(name, names()));
  return found;
}

const Factory* FactoryList::find_class(const std::string& class_name) const {
  for (const auto& factory : all_)
    for (const std::string& known : factory->info().classes)
      if (known == class_name) return factory.get();
  return nullptr;
}

std::vector<std::string> FactoryList::names() const {
  std::vector<std::string> out;
  for (const auto& factory : all_) out.push_back(factory->info().id);
  for (const auto& factory : all_)
    for (const Alias& alias : factory->info().aliases) out.push_back(alias.name);
  return out;
}

/// Holds what a plugin enrols until all of it is known to be good.
class Registry::Enroller final : public Enrolment {
 public:
  explicit Enroller(Registry& registry) : registry_(registry) {}

  /// All into the registry, as the plugin's that stands at `plugin` there.
  void commit(size_t plugin) {
    for (auto& [list, factories] : held_)
      for (auto& factory : factories) {
        registry_.owners_[factory.get()] = plugin;
        list->add(std::move(factory));
      }
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  void add_of_kind(const char* kind, std::unique_ptr<Factory> factory) override {
    FactoryList& list = registry_.kinds_.at(plugin_kind(kind).name);
    auto& held = held_[&list];
    if (!factory) throw Error(ErrorCode::unsupported, "", "enrols a " + list.kind().words + " that is null");
    check_names_are_free(factory->info(), list.all(), list.kind());
    check_names_are_free(factory->info(), held, list.kind());
    names_.push_back(list.kind().words + " " + factory->info().id);
    held.push_back(std::move(factory));
  }

  Registry& registry_;
  std::vector<std::string> names_;
  std::map<FactoryList*, std::vector<std::unique_ptr<Factory>>> held_;
};

Registry::Registry(const std::vector<PlacedPath>& plugins,
                   const std::function<void(const std::filesystem::path&)>& before_load) {
  for (const PluginKind& kind : plugin_kinds()) kinds_.emplace(kind.name, FactoryList(kind));
  const auto load_one = [&](const std::filesystem::path& file) {
    if (before_load) before_load(file);
    load(file);
  };
  for (const PlacedPath& named : plugins) {
    std::error_code status;
    if (!std::filesystem::is_directory(named.path, status)) {
      load_one(named.path);
      continue;
    }
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(named.path, status))
      if (entry.path().extension() == ".so") files.push_back(entry.path());
    std::sort(files.begin(), files.end());  // the same order on every machine
    for (const auto& file : files) load_one(file);
  }
}

void Registry::load(const std::filesystem::path& file) {
  PluginRecord record;
  record.file = file;
  try {
    const PluginEntry& entry = load_plugin(file);
    record.id = entry.id;
    record.version = entry.version;
    Enroller enroller(*this);
    entry.enrol(enroller);
    enroller.commit(plugins_.size());
    record.factories = enroller.names();
  } catch (const Error& e) {
    record.refused = e.sentence();
  } catch (const std::exception& e) {
    record.refused = std::string("failed while it enrolled: ") + e.what();
  } catch (...) {
    record.refused = "failed while it enrolled, with an exception that is no std::exception";
  }
  plugins_.push_back(std::move(record));
}

Json Registry::describe() const {
  Json libraries = Json::array();
  for (const PluginRecord& plugin : plugins_) {
    Json one = {{"file", plugin.file.string()},
                {"id", plugin.id},
                {"version", plugin.version},
                {"loaded", plugin.refused.empty()},
                {"factories", plugin.factories}};
    if (!plugin.refused.empty()) one["refused"] = plugin.refused;
    libraries.push_back(one);
  }
  Json kinds = Json::object();
  for (const auto& [name, list] : kinds_) kinds[name] = describe_list(list);
  return {{"plugins", libraries}, {"kinds", kinds}};
}

}  // namespace alice
