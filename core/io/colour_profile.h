#pragma once
// ICC profiles: from the colours that a file's numbers mean to sRGB, by Little CMS.

#include <optional>
#include <string>
#include <string_view>

#include "core/api/tensor.h"

namespace alice {

/// Changes `rgb` (uint8 [H, W, 3], contiguous) in place, perceptually. `is_grey`: its three channels are one, which a
/// profile of greys may be about. Returns why the profile was not used; nothing when it was.
std::optional<std::string> colours_to_srgb(Tensor& rgb, bool is_grey, std::string_view profile);

struct PrintedColours {
  Tensor rgb;                             ///< uint8 [H, W, 3]
  std::optional<std::string> not_used;  ///< why the profile was not
};
/// Of inks, uint8 [H, W, 4], 255 is full ink. Without a profile, or one that cannot be used: (1 - ink) (1 - black).
PrintedColours inks_to_srgb(const Tensor& inks, std::string_view profile);

}  // namespace alice
