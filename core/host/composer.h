#pragma once
// From a model id and a set of LoRAs to a composed model: loads, shares and caches.

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "core/base/model_catalogue.h"
#include "core/host/blueprint_cache.h"
#include "core/host/lora_set.h"
#include "core/host/recipe_book.h"
#include "core/host/settings.h"

namespace alice {

/// A model in the list.
struct ModelStatus {
  std::string id;
  std::filesystem::path source;
  std::string unavailable;  ///< the reason; "" when it can be composed
  std::string description;  ///< of its UNet; "" when it cannot be told
  std::string note;         ///< what its users must know; "" when there is nothing
  Json facts = Json::object();  ///< model_facts(), of one whose headers can be read
  SizeRule size;            ///< as Blueprint::size; of a model that cannot be read a new one
};

/// A request, ready to run.
struct PreparedRequest {
  std::shared_ptr<const Model> model;
  /// What the model is made of: files with their sizes and times, plugins, options, LoRAs. Another one, other
  /// pictures.
  std::string made_of;
  Ingredients ingredients;  ///< for its recipe
  Settings settings;
  std::vector<std::string> warnings;
};

/// A model was loaded: for the log.
struct LoadedModel {
  std::string id;
  std::string backend;  ///< its name in the configuration, else its plugin's id
  std::string device;   ///< BackendInfo::device
  double seconds = 0;   ///< that it took; parts that another model has loaded take none
};
using OnLoaded = std::function<void(const LoadedModel&)>;

/// What the model of `plan` is made of: files with their sizes and times, plugins, options, backend.
std::string key_of(const Blueprint& plan);

/// Any thread; one composes at a time. Loaded parts are shared between models that name the same files, plugin, options
/// and backend; the last kMostLoadedModels (a set of LoRAs on one is a model of its own) stay loaded.
class Composer {
 public:
  /// `on_loaded`, unless it is null, is told of every model that is loaded, not of sets of LoRAs that are laid over
  /// one; on the thread that composes, which holds the composer: it must not call it.
  Composer(HostConfig config, std::shared_ptr<const Registry> registry, OnLoaded on_loaded = nullptr);

  const HostConfig& config() const { return config_; }
  const Registry& registry() const { return *registry_; }
  const LoraLibrary& loras() const { return loras_; }
  const LoraLibrary& embeddings() const { return embeddings_; }
  RecipeBook& recipes() { return recipes_; }

  /// Every model with its state: opens headers only, and only those that have changed. A model at which `before_look`
  /// throws is not looked at: what was thrown is why it is unavailable.
  std::vector<ModelStatus> models(const BlueprintCache::BeforeLook& before_look = {}) const;
  /// See make_blueprint() and find_model(). `paths_allowed`: `name` may be a folder or file (never for requests from
  /// the network). `place`: where it was named.
  std::shared_ptr<const Blueprint> blueprint(const std::string& name, bool paths_allowed,
                                             const std::string& place = "/model") const;
  /// Of the refiner that a request for the model of `plan` means; null for none.
  std::shared_ptr<const Blueprint> refiner(const GenerateRequest& request, const Blueprint& plan,
                                           bool paths_allowed) const;
  /// The composed model. Throws Error(bad_weights) with every fault of the blueprint.
  std::shared_ptr<const Model> compose(const std::string& name, bool paths_allowed);
  /// Everything that a request needs: LoRA tags taken out of the prompt, model and LoRAs composed, settings resolved.
  /// `inputs`: the pictures that it names.
  PreparedRequest prepare(GenerateRequest request, bool paths_allowed, const InputPictures& inputs = {});

  /// The request's settings for the model of `plan`, of which `model` are the parts, loaded or as shapes alone
  /// (core/host/model_sketch.h). The prompt's LoRA tags must have been taken out. Without a refiner. A picture that is
  /// too large is fitted, with a warning, where the request says `fit`. Throws Error(bad_request).
  Settings settle(GenerateRequest request, const InputPictures& inputs, const Blueprint& plan,
                  const Model& model, std::vector<std::string>& warnings) const;
  /// How the model of `plan`, of which `refiner` are the parts, goes on with what `model` begins.
  Refining refining(const Settings& first, const Model& model, const Blueprint& plan,
                    std::shared_ptr<const Model> refiner) const;
  /// Is the model of this key (key_of()) loaded?
  bool is_loaded(const std::string& key);

  /// A backend by its name in the configuration, made once; "": as choose_backend() chooses without a model.
  std::shared_ptr<const Backend> backend(const std::string& name) const;
  /// The one of a blueprint.
  std::shared_ptr<const Backend> backend(const BackendChoice& choice) const;

 private:
  /// Why it cannot be made; "" when it can. It is tried once.
  std::string backend_fault(const BackendChoice& choice) const;

  // All below are called with mutex_ held.
  std::shared_ptr<const Backend> make_backend(const BackendChoice& choice) const;
  std::shared_ptr<const Model> build(const Blueprint& blueprint);
  void tell_loaded(const Blueprint& blueprint, const Model& model, double seconds) const;
  std::shared_ptr<const Model> loaded(const Blueprint& plan);
  void add_loras(PreparedRequest& prepared, bool paths_allowed);
  void add_embeddings(PreparedRequest& prepared) const;
  void add_refiner(PreparedRequest& prepared, const Blueprint& plan);
  std::shared_ptr<const Model> cached(const std::string& key,
                                         const std::function<std::shared_ptr<const Model>()>& make);
  template <class Part>
  std::shared_ptr<const Part> share(const PartChoice<Part>& choice, const std::string& backend_key,
                                    std::shared_ptr<const Backend> backend);
  template <class Part>
  using SharedParts = std::map<std::string, std::weak_ptr<const Part>>;  // by part_key()

  const HostConfig config_;
  const std::shared_ptr<const Registry> registry_;
  const LoraLibrary loras_, embeddings_;
  const OnLoaded on_loaded_;
  const std::shared_ptr<PromptCache> prompts_ = std::make_shared<PromptCache>();
  mutable BlueprintCache blueprints_;
  RecipeBook recipes_;

  mutable std::mutex backend_faults_mutex_;
  mutable std::map<std::string, std::string> backend_faults_;  // by key; guarded by the one above

  mutable std::mutex mutex_;  // guards all below
  mutable std::map<std::string, std::shared_ptr<const Backend>> backends_;
  std::tuple<SharedParts<TextEncoder>, SharedParts<UNet>, SharedParts<Vae>> parts_;
  std::list<std::pair<std::string, std::shared_ptr<const Model>>> loaded_;  // the most recently used first
};

}  // namespace alice
