#include "core/host/registry.h"

#include <algorithm>
#include <cctype>

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
template <class F>
void check_names_are_free(const FactoryInfo& info, const std::vector<std::unique_ptr<F>>& factories,
                          const std::string& kind) {
  for (const auto& other : factories)
    for (const std::string& taken : names_of(other->info()))
      for (const std::string& name : names_of(info))
        if (same_name(name, taken))
          throw Error(ErrorCode::unsupported, "",
                      "brings the " + kind + " '" + name + "', but that name is taken by '" + other->info().id + "'");
}

template <class F>
Json describe_list(const FactoryList<F>& list) {
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

template <class F>
typename FactoryList<F>::Named FactoryList<F>::find(const std::string& name) const {
  for (const auto& factory : all_) {
    if (same_name(factory->info().id, name)) return {factory.get(), Json::object()};
    for (const Alias& alias : factory->info().aliases)
      if (same_name(alias.name, name)) return {factory.get(), alias.options};
  }
  return {};
}

template <class F>
typename FactoryList<F>::Named FactoryList<F>::get(const std::string& name, const std::string& place,
                                                   ErrorCode code) const {
  Named found = find(name);
  if (!found.factory)
    throw Error(code, place, "there is no " + kind_ + " '" + name + "'" + did_you_mean(name, names()));
  return found;
}

template <class F>
const F* FactoryList<F>::find_class(const std::string& class_name) const {
  for (const auto& factory : all_)
    for (const std::string& known : factory->info().classes)
      if (known == class_name) return factory.get();
  return nullptr;
}

template <class F>
std::vector<std::string> FactoryList<F>::names() const {
  std::vector<std::string> out;
  for (const auto& factory : all_) out.push_back(factory->info().id);
  for (const auto& factory : all_)
    for (const Alias& alias : factory->info().aliases) out.push_back(alias.name);
  return out;
}

template class FactoryList<BackendFactory>;
template class FactoryList<SchedulerFactory>;
template class FactoryList<TextEncoderFactory>;
template class FactoryList<UNetFactory>;
template class FactoryList<VaeFactory>;
template class FactoryList<LoraFormatFactory>;

/// Holds what a plugin enrols until all of it is known to be good.
class Registry::Enroller : public Enrolment {
 public:
  explicit Enroller(Registry& registry) : registry_(registry) {}

  void backend(std::unique_ptr<BackendFactory> f) override { hold(std::move(f), backends_, registry_.backends_); }
  void scheduler(std::unique_ptr<SchedulerFactory> f) override {
    hold(std::move(f), schedulers_, registry_.schedulers_);
  }
  void text_encoder(std::unique_ptr<TextEncoderFactory> f) override {
    hold(std::move(f), text_encoders_, registry_.text_encoders_);
  }
  void unet(std::unique_ptr<UNetFactory> f) override { hold(std::move(f), unets_, registry_.unets_); }
  void vae(std::unique_ptr<VaeFactory> f) override { hold(std::move(f), vaes_, registry_.vaes_); }
  void lora_format(std::unique_ptr<LoraFormatFactory> f) override {
    hold(std::move(f), lora_formats_, registry_.lora_formats_);
  }

  void commit() {
    move_all(backends_, registry_.backends_);
    move_all(schedulers_, registry_.schedulers_);
    move_all(text_encoders_, registry_.text_encoders_);
    move_all(unets_, registry_.unets_);
    move_all(vaes_, registry_.vaes_);
    move_all(lora_formats_, registry_.lora_formats_);
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  template <class F>
  void hold(std::unique_ptr<F> factory, std::vector<std::unique_ptr<F>>& held, const FactoryList<F>& list) {
    if (!factory) throw Error(ErrorCode::unsupported, "", "enrols a " + list.kind() + " that is null");
    check_names_are_free(factory->info(), list.all(), list.kind());
    check_names_are_free(factory->info(), held, list.kind());
    names_.push_back(list.kind() + " " + factory->info().id);
    held.push_back(std::move(factory));
  }
  template <class F>
  static void move_all(std::vector<std::unique_ptr<F>>& held, FactoryList<F>& list) {
    for (auto& factory : held) list.add(std::move(factory));
  }

  Registry& registry_;
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<BackendFactory>> backends_;
  std::vector<std::unique_ptr<SchedulerFactory>> schedulers_;
  std::vector<std::unique_ptr<TextEncoderFactory>> text_encoders_;
  std::vector<std::unique_ptr<UNetFactory>> unets_;
  std::vector<std::unique_ptr<VaeFactory>> vaes_;
  std::vector<std::unique_ptr<LoraFormatFactory>> lora_formats_;
};

Registry::Registry(const std::vector<PlacedPath>& plugins,
                   const std::function<void(const std::filesystem::path&)>& before_load) {
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
    enroller.commit();
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
  return {{"plugins", libraries},
          {"backends", describe_list(backends_)},
          {"schedulers", describe_list(schedulers_)},
          {"text_encoders", describe_list(text_encoders_)},
          {"unets", describe_list(unets_)},
          {"vaes", describe_list(vaes_)},
          {"lora_formats", describe_list(lora_formats_)}};
}

}  // namespace alice
