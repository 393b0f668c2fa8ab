#pragma once
// What a network is shown beside the latents, told by the channels that it takes.

#include "core/api/unet.h"

namespace alice {

enum class Shown {
  nothing,
  mask,     ///< which part is made anew, and the picture without it: an inpainting network
  picture,  ///< a picture that it is to change: an editing network
};

/// Throws Error(unsupported) at `place` for a network that is shown something else.
Shown shown_to(const UNetInfo& network, const std::string& place);
/// Of so many channels beside `latent_channels`; nothing for other numbers.
Shown shown_by(int64_t channels, int64_t latent_channels);

}  // namespace alice
