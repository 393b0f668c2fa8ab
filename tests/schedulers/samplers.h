#pragma once
// The sampler plugins under test, loaded from their libraries, and what their tests share.

#include <memory>
#include <string>
#include <vector>

#include "core/api/scheduler.h"
#include "core/math/noise_model.h"
#include "core/math/noise_source.h"
#include "tests/support/plugin.h"

namespace alice::test {

/// Every factory of the sampler plugins.
inline const std::vector<const SchedulerFactory*>& sampler_factories() {
  static const std::vector<Plugin>* const plugins = [] {
    auto* loaded = new std::vector<Plugin>;  // plugins are never unloaded
    for (const char* name :
         {"alice-schedulers-ddim", "alice-schedulers-euler", "alice-schedulers-dpm-solver", "alice-schedulers-lcm",
          "alice-schedulers-lms", "alice-schedulers-tcd", "alice-schedulers-k-diffusion"})
      loaded->push_back(load_plugin(name));
    return loaded;
  }();
  static const std::vector<const SchedulerFactory*> factories = [] {
    std::vector<const SchedulerFactory*> all;
    for (const Plugin& plugin : *plugins)
      for (const SchedulerFactory* factory : plugin.all<SchedulerFactory>()) all.push_back(factory);
    return all;
  }();
  return factories;
}

/// The factory for a class of the reference, or null.
inline const SchedulerFactory* factory_for_class(const std::string& name) {
  for (const SchedulerFactory* factory : sampler_factories())
    for (const std::string& known : factory->info().classes)
      if (known == name) return factory;
  return nullptr;
}

inline const SchedulerFactory& sampler_factory(const std::string& id) {
  for (const SchedulerFactory* factory : sampler_factories())
    if (factory->info().id == id) return *factory;
  throw std::runtime_error("no sampler '" + id + "'");
}

/// Unknown options are errors.
inline std::shared_ptr<const Scheduler> make_sampler(const SchedulerFactory& factory,
                                                     const Json& options = Json::object()) {
  return factory.create({{options, UnknownKeys::fault, json_places("options")}});
}
inline std::shared_ptr<const Scheduler> make_sampler(const std::string& id, const Json& options = Json::object()) {
  return make_sampler(sampler_factory(id), options);
}

/// Samplers whose results are for latents: DDIM clips by default, as the reference's class does.
inline std::shared_ptr<const Scheduler> make_latent_sampler(const std::string& id, Json options = Json::object()) {
  if ((id == "ddim" || id == "ddpm") && !options.contains("clip_sample")) options["clip_sample"] = false;
  return make_sampler(id, options);
}

/// Stable Diffusion's.
inline NoiseModel stable_diffusion_noise(Prediction prediction = Prediction::epsilon) {
  NoiseModelOptions options;
  options.beta_start = 0.00085, options.beta_end = 0.012;
  options.beta_schedule = BetaSchedule::scaled_linear;
  options.prediction_type = prediction;
  return NoiseModel(options);
}

/// Every id.
inline std::vector<std::string> sampler_ids() {
  std::vector<std::string> ids;
  for (const SchedulerFactory* factory : sampler_factories()) ids.push_back(factory->info().id);
  return ids;
}

/// Those that have an option of that name.
inline std::vector<std::string> sampler_ids_with(const std::string& option) {
  std::vector<std::string> ids;
  for (const SchedulerFactory* factory : sampler_factories())
    for (const OptionSpec& spec : factory->info().options)
      if (spec.name == option) ids.push_back(factory->info().id);
  return ids;
}

/// Noise seeded a row, and how often it was asked for.
class CountedNoise final : public NoiseSource {
 public:
  explicit CountedNoise(const std::vector<uint64_t>& seeds) : source_(seeds) {}
  Tensor normal_like(const Tensor& like) override {
    ++draws;
    return source_.normal_like(like);
  }
  int draws = 0;

 private:
  SeededNoise source_;
};

inline void ignore_step(size_t, size_t, const Tensor&) {}

}  // namespace alice::test
