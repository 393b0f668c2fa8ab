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
  const std::string& id = it.subject.id;
  switch (it.subject.kind) {
    case Kind::backend: return [&f = it.plugin.backend(id)](const OptionLayers& layers) { f.create(layers); };
    case Kind::scheduler: return [&f = it.plugin.scheduler(id)](const OptionLayers& layers) { f.create(layers); };
    case Kind::lora_format: return [&f = it.plugin.lora_format(id)](const OptionLayers& layers) { f.create(layers); };
    case Kind::text_encoder: return model_creation(it.plugin.text_encoder(id), it);
    case Kind::unet: return model_creation(it.plugin.unet(id), it);
    case Kind::vae: return model_creation(it.plugin.vae(id), it);
    case Kind::entry: break;
  }
  throw Error(ErrorCode::internal, "entry", "makes nothing");
}

}  // namespace alice::check
