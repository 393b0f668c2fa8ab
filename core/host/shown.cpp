#include "core/host/shown.h"

#include "core/base/error.h"

namespace alice {

Shown shown_by(int64_t channels, int64_t latent_channels) {
  if (channels == latent_channels + 1) return Shown::mask;
  return channels == latent_channels ? Shown::picture : Shown::nothing;
}

Shown shown_to(const UNetInfo& network, const std::string& place) {
  const auto beside = network.further_conditioning.find(kBeside);
  if (beside == network.further_conditioning.end()) return Shown::nothing;
  const Shown shown = shown_by(beside->second, network.out_channels);
  if (shown == Shown::nothing)
    throw Error(ErrorCode::unsupported, place,
                "its UNet is shown " + std::to_string(beside->second) + " channels beside its " +
                    std::to_string(network.out_channels) + " of latents: neither a mask with a picture, nor a picture");
  return shown;
}

}  // namespace alice
