#pragma once
// Which plugin makes a part of a model, found out from headers alone.

#include <memory>
#include <string>

#include "core/api/model_factory.h"
#include "core/base/host_config.h"
#include "core/base/nearest.h"
#include "core/host/effective_options.h"
#include "core/host/registry.h"

namespace alice {

/// A part of a model, recognised and not yet loaded.
template <class Part>
struct PartChoice {
  const ModelFactory<Part>* factory = nullptr;
  ModelFiles files;
  Recognition recognition;
  OptionLayers options;
  bool configured = false;  ///< named in the configuration, not found by itself

  std::shared_ptr<const Part> load(std::shared_ptr<const Backend> backend) const {
    return factory->create(files, recognition, std::move(backend), options);
  }
};

/// The first factory that recognises `files`, which play `role` in their model, or the configured one. A recognition with faults is returned as it is:
/// the caller reports it. Throws Error(bad_config) for a plugin name that nobody bears, Error(bad_weights) when nobody
/// recognises the files. Options that the plugin does not have are faults of the recognition, too.
template <class Part>
PartChoice<Part> choose_part(const Factories<ModelFactory<Part>>& factories, ModelFiles files, const std::string& role,
                             const PartConfig& config) {
  PartChoice<Part> choice;
  OptionLayer options{config.options, UnknownKeys::fault, config.place};
  if (!config.plugin.empty()) {
    const auto named = factories.get(config.plugin, config.place(""), ErrorCode::bad_config);
    choice.configured = true;
    choice.factory = named.factory;
    choice.options.push_back({named.options, UnknownKeys::fault, json_places("alias " + config.plugin)});
    std::optional<Recognition> recognition = named.factory->recognise(files);
    if (!recognition)
      throw Error(ErrorCode::bad_weights, files.place,
                  "is no " + factories.kind().words + " that '" + named.factory->info().id + "' can read (" +
                      config.place("") + " asks for it)");
    choice.recognition = std::move(*recognition);
  } else {
    for (const auto* factory : factories.all()) {
      std::optional<Recognition> recognition = factory->recognise(files);
      if (!recognition) continue;
      choice.factory = factory;
      choice.recognition = std::move(*recognition);
      break;
    }
    if (!choice.factory)
      throw Error(ErrorCode::bad_weights, files.place,
                  "no plugin recognises a " + factories.kind().words +
                      " in it; another's is used where the configuration says so (models: {MODEL: {" +
                      role + ": {source: FILE or FOLDER}}})");
  }
  choice.options.push_back(std::move(options));
  Faults faults;
  check_options(choice.factory->info().options, choice.options, faults);
  choice.recognition.faults.insert(choice.recognition.faults.end(), faults.list().begin(), faults.list().end());
  choice.files = std::move(files);
  return choice;
}

}  // namespace alice
