#pragma once
// What the loaded plugins offer: every factory by kind and id, and where it came from.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/api/factory.h"
#include "core/base/host_config.h"
#include "core/base/plugin_kinds.h"

namespace alice {

/// One library that was named: loaded, or refused with a reason.
struct PluginRecord {
  std::filesystem::path file;
  std::string id, version;             ///< "" when it was refused before they could be read
  std::string refused;                 ///< the sentence; "" when it is loaded
  std::vector<std::string> factories;  ///< "scheduler euler", in the order of enrolment
};

/// What a name means: an id, or an alias with its options. Null when nobody bears it.
template <class F>
struct NamedFactory {
  const F* factory = nullptr;
  Json options = Json::object();
};

/// The factories of one kind. Immutable once the registry is built.
class FactoryList {
 public:
  explicit FactoryList(PluginKind kind) : kind_(std::move(kind)) {}

  const PluginKind& kind() const { return kind_; }
  const std::vector<std::unique_ptr<Factory>>& all() const { return all_; }
  /// Letter case ignored.
  NamedFactory<Factory> find(const std::string& name) const;
  /// The same; throws Error(code) at `place` with "did you mean".
  NamedFactory<Factory> get(const std::string& name, const std::string& place, ErrorCode code) const;
  /// By a class name of models' files; null when nobody implements it.
  const Factory* find_class(const std::string& class_name) const;
  std::vector<std::string> names() const;  ///< ids and aliases

  void add(std::unique_ptr<Factory> factory) { all_.push_back(std::move(factory)); }

 private:
  PluginKind kind_;
  std::vector<std::unique_ptr<Factory>> all_;
};

/// A list whose factories are F's: Enrolment::add() has put each by the kind of its interface. As long as the registry.
template <class F>
class Factories {
 public:
  explicit Factories(const FactoryList& list) : list_(list) {}

  const PluginKind& kind() const { return list_.kind(); }
  std::vector<const F*> all() const {
    std::vector<const F*> all;
    for (const auto& factory : list_.all()) all.push_back(as_f(factory.get()));
    return all;
  }
  NamedFactory<F> find(const std::string& name) const { return as_f(list_.find(name)); }
  NamedFactory<F> get(const std::string& name, const std::string& place, ErrorCode code) const {
    return as_f(list_.get(name, place, code));
  }
  const F* find_class(const std::string& class_name) const { return as_f(list_.find_class(class_name)); }
  std::vector<std::string> names() const { return list_.names(); }

 private:
  static const F* as_f(const Factory* factory) { return static_cast<const F*>(factory); }
  static NamedFactory<F> as_f(NamedFactory<Factory> named) { return {as_f(named.factory), std::move(named.options)}; }

  const FactoryList& list_;
};

/// Built once at start, then const: any thread.
class Registry {
 public:
  /// Loads every library of `plugins` (a folder stands for its *.so files, by name). A library that is refused, enrols
  /// a name that is taken or a kind that is unknown, or throws leaves no factory behind, is recorded with the reason,
  /// and the rest works. `before_load` is called with each library before any of its code runs.
  explicit Registry(const std::vector<PlacedPath>& plugins,
                    const std::function<void(const std::filesystem::path&)>& before_load = nullptr);

  const std::vector<PluginRecord>& plugins() const { return plugins_; }
  /// The library that enrolled one of this registry's factories.
  const PluginRecord& plugin_of(const Factory& factory) const { return plugins_[owners_.at(&factory)]; }

  /// Of the kind that F is the interface of: of<SchedulerFactory>().
  template <class F>
  Factories<F> of() const {
    return Factories<F>(kinds_.at(F::kKind));
  }
  const FactoryList& of(const PluginKind& kind) const { return kinds_.at(kind.name); }

  /// Every library, its version and state; by kind every factory with help, aliases, classes and options.
  Json describe() const;

 private:
  class Enroller;
  void load(const std::filesystem::path& file);

  std::vector<PluginRecord> plugins_;
  std::map<std::string, FactoryList> kinds_;  // by name
  std::map<const Factory*, size_t> owners_;   // to a place in plugins_
};

}  // namespace alice
