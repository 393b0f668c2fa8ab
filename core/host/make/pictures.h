#pragma once
// The pictures of a request as what is drawn needs them: at the right size, with the mask made ready; and what is drawn
// put back into them.

#include <string>
#include <vector>

#include "core/host/make/frames.h"
#include "core/host/settings.h"

namespace alice {

/// All of uint8. Undefined: no picture; `mask` alone: everything is made anew.
struct Pictures {
  Tensor original;  ///< [height, width, 3]: the picture as it lies in what is drawn; around it its edges, repeated
  Tensor content;   ///< the same with what the mask covers at the beginning
  Tensor mask;      ///< [height, width]: 255 is made anew, 0 is left alone, between them lies a soft edge
  Tensor canvas, canvas_mask;  ///< [H, W, 3] and [H, W]: the whole picture and its mask, before it was laid
  Frame frame;
};

/// What is asked of the pictures is in settings.request, every default filled in; `settings.width` and `height` are
/// what is drawn. Adds to `warnings` what people should know: transparency laid over white, a mask of another size, one
/// that is empty (the whole picture is made anew).
Pictures read_pictures(const Settings& settings, std::vector<std::string>& warnings);

/// What was drawn, [height, width, 3] -> the result: with paste_back the picture's own pixels where the mask leaves
/// them alone, with only_masked the whole picture with its part drawn anew.
Tensor paste_back(const Pictures& pictures, const GenerateRequest& request, const Tensor& drawn);

/// As the road takes them: pixels float [1, 3, height, width] in [-1, 1], as a VAE does; undefined as in Pictures.
struct Pixels {
  Tensor original, content;
  Tensor mask;  ///< as Pictures::mask
};
Pixels pixels_of(const Pictures& pictures);

/// The mask at the size of latents: 1 where they are made anew, else 0; float [1, 1, h, w].
Tensor to_latent_mask(const Tensor& mask, int64_t reduction);

}  // namespace alice
