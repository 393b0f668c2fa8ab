#pragma once
// Models to try a model plugin on: small settings that it recognises, with random weights of the names and shapes that
// it asks for.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sdk/check/check.h"
#include "sdk/check/kinds.h"
#include "sdk/check/plain_backend.h"

namespace alice::check {

/// A config.json, and what lies beside it.
struct ModelSettings {
  std::string name;  ///< for people
  std::string kind;
  Json config;
  std::map<std::string, std::filesystem::path> assets;

  /// As files without a tensor.
  ModelFiles files() const;
};
/// Those of known_models.json.
const std::vector<ModelSettings>& known_settings();

struct ModelSample {
  std::string name;
  std::map<std::string, Tensor> tensors;  ///< of the file
  ModelFiles files;                       ///< with these tensors
  Recognition recognition;                ///< of these files

  /// The files with other tensors.
  ModelFiles with(std::map<std::string, Tensor> changed) const;
};

/// A factory's recognise().
using Recognise = std::function<std::optional<Recognition>(const ModelFiles&)>;

/// Of the folder that the author gives, or of those known settings that the factory recognises. Fails when there are
/// none, with what to do; throws what recognise() throws for the author's own.
std::vector<ModelSample> model_samples(const Recognise& recognise, const Case& it);
template <class Part>
std::vector<ModelSample> model_samples(const ModelFactory<Part>& factory, const Case& it) {
  return model_samples([&](const ModelFiles& files) { return factory.recognise(files); }, it);
}

/// The part of a sample, on the plain kernels.
template <class Part>
std::shared_ptr<const Part> load(const ModelFactory<Part>& factory, const ModelSample& sample) {
  auto part = factory.create(sample.files, sample.recognition, plain_backend(), {});
  expect(part != nullptr, sample.name + ": create() gave null");
  return part;
}

/// A check's body for any kind of model: calls body(factory, it) with the case's factory.
template <class Body>
std::function<std::string(const Case&)> for_models(Body body) {
  return [body](const Case& it) {
    std::string note;
    if (!with_factory(PartFactories(), it, [&](const auto& factory) { note = body(factory, it); }))
      throw Error(ErrorCode::internal, it.subject.id, "is no model");
    return note;
  };
}

}  // namespace alice::check
