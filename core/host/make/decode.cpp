#include "core/host/make/decode.h"

#include "core/host/plugin_call.h"
#include "core/io/images.h"

namespace alice {

Tensor decode(const Model& model, const Tensor& latents) {
  constexpr const char* kVae = "the VAE";  // who is to blame, for people
  constexpr int64_t kColours = 3;
  const int64_t reduction = model.vae->info().reduction;
  const Tensor pixels = call_plugin(kVae, [&] { return model.vae->decode(latents); });
  const auto shape = {latents.size(0), kColours, latents.size(2) * reduction, latents.size(3) * reduction};
  return to_bytes(all_finite(with_shape(pixels, shape, kVae), kVae));
}

}  // namespace alice
