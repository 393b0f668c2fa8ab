#include "core/host/input_pictures.h"

namespace alice {

const InputPictures& no_pictures() {
  static const InputPictures none;
  return none;
}

PictureSize canvas_size(const InputPictures& inputs, const GenerateRequest& request) {
  const Tensor& picture = inputs.image.rgb;
  if (!picture.defined()) return {};
  return {picture.size(1) + request.extend_left.value_or(0) + request.extend_right.value_or(0),
          picture.size(0) + request.extend_top.value_or(0) + request.extend_bottom.value_or(0)};
}

void check_inputs(const InputPictures& inputs, const GenerateRequest& request, Faults& faults) {
  constexpr const char* kMissing = "was not handed over with the request";
  if (request.image && !inputs.image.rgb.defined()) faults.add("/image", kMissing);
  if (request.mask && !inputs.mask.rgb.defined()) faults.add("/mask", kMissing);
}

InputPictures grey_pictures() {
  constexpr int64_t kSide = 64, kGrey = 128, kWhite = 255;
  InputPictures inputs;
  inputs.image.rgb = at::full({kSide, kSide, 3}, kGrey, at::kByte);
  inputs.mask.rgb = at::full({kSide, kSide, 3}, kWhite, at::kByte);
  return inputs;
}

void name_grey_pictures(GenerateRequest& request) {
  const std::string nobody(64, '0');
  request.image = request.mask = PictureInput{nobody};
}

}  // namespace alice
