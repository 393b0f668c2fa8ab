#include "sdk/check/creation.h"

#include "sdk/check/model_samples.h"

namespace alice::check {
namespace {

template <class Part>
Create model_creation(const ModelFactory<Part>& factory, const Case& it) {
  const auto sample = std::make_shared<const ModelSample>(model_samples(factory, it).front());
  return [&factory, sample](const OptionLayers& layers) {
    factory.create(sample->files, sample->recognition, plain_backend(), layers);
  };
}

}  // namespace

Create creation(const Case& it) {
  Create create;
  const auto of_plain = [&](const auto& factory) {
    create = [factory = &factory](const OptionLayers& layers) { factory->create(layers); };
  };
  const auto of_part = [&](const auto& factory) { create = model_creation(factory, it); };
  if (!with_factory(PlainFactories(), it, of_plain) && !with_factory(PartFactories(), it, of_part))
    throw Error(ErrorCode::internal, it.subject.kind, "makes nothing");
  return create;
}

}  // namespace alice::check
