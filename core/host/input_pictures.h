#pragma once
// The decoded pictures of a request.

#include "core/api/tensor.h"
#include "core/base/generate_request.h"
#include "core/base/picture_size.h"

namespace alice {

struct InputPicture {
  Tensor rgb;    ///< uint8 [H, W, 3]; undefined: there is none
  Tensor alpha;  ///< uint8 [H, W], 255 is opaque; undefined where every pixel is
};

/// Filled by whoever prepares a request: those that it names by their hashes (GenerateRequest::image, mask), decoded.
struct InputPictures {
  InputPicture image, mask;
};

const InputPictures& no_pictures();

/// Of `image` with what `request` adds at its sides; 0 x 0 without a picture.
PictureSize canvas_size(const InputPictures& inputs, const GenerateRequest& request);

/// Adds a fault, at "/image" and "/mask", for each picture that the request names and that is not among the inputs.
void check_inputs(const InputPictures& inputs, const GenerateRequest& request, Faults& faults);

/// For trying what needs a picture where nobody gives one: grey, and a mask of all of it, 64 pixels wide and high.
InputPictures grey_pictures();
/// Names them in `request`.
void name_grey_pictures(GenerateRequest& request);

}  // namespace alice
