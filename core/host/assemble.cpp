#include "core/host/assemble.h"

#include <utility>

#include "core/host/shown.h"

namespace alice {
namespace {

void check_channels(const Blueprint& plan, const UNetInfo& unet) {
  if (unet.in_channels != unet.out_channels)
    throw Error(ErrorCode::unsupported, plan.config.id,
                "its UNet takes latents of " + std::to_string(unet.in_channels) + " channels and gives " +
                    std::to_string(unet.out_channels));
  shown_to(unet, plan.config.id);
}

}  // namespace

Model assemble(const Blueprint& plan, std::shared_ptr<const Backend> backend, LoadedParts parts) {
  Model model;
  model.id = plan.config.id;
  model.backend = std::move(backend);
  check_channels(plan, parts.unet->info());
  model.family = plan.family.factory->create(plan.contents, parts.infos());
  model.texts = plan.family.recognition.texts;
  model.text_encoders = std::move(parts.text_encoders);
  model.unet = std::move(parts.unet);
  model.vae = std::move(parts.vae);
  return model;
}

Conditioning blank_conditioning(const Model& model, int64_t rows, int64_t tokens) {
  const UNetInfo& unet = model.unet->info();
  Conditioning conditioning = {{"tokens", at::zeros({rows, tokens, unet.context_width})}};
  for (const auto& [name, width] : unet.further_conditioning)
    conditioning[name] = name == kBeside ? at::zeros({rows, width, 1, 1}) : at::zeros({rows, width});
  return conditioning;
}

}  // namespace alice
