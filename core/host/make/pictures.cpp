#include "core/host/make/pictures.h"

#include "core/base/request_checks.h"
#include "core/host/make/masked_content.h"
#include "core/io/resample.h"

namespace alice {
namespace {

constexpr int64_t kAnew = 255;    // in a mask
constexpr int64_t kHalf = 128;    // from here on a mask counts as set
constexpr int64_t kOpaque = 255;  // in a picture's alpha

PictureSize size_of(const Tensor& picture) { return {picture.size(1), picture.size(0)}; }

/// Over white, as viewers show it.
Tensor flattened(const InputPicture& picture) {
  if (!picture.alpha.defined()) return picture.rgb;
  const Tensor alpha = picture.alpha.to(at::kInt).unsqueeze(2);
  const Tensor sum = picture.rgb.to(at::kInt) * alpha + (kOpaque - alpha) * 255 + kOpaque / 2;
  return sum.div(kOpaque, "floor").to(at::kByte);
}

/// As Pillow's "L": ITU-R 601-2.
Tensor grey_of(const Tensor& rgb) {
  const Tensor weights = at::tensor({19595, 38470, 7471}, at::kInt);
  return (rgb.to(at::kInt) * weights).sum(2).add(0x8000).div(0x10000, "floor").to(at::kByte);
}

/// Rows or columns from -before on; beyond the edges lies what is at the edge.
Tensor edged(const Tensor& picture, int64_t dimension, int64_t before, int64_t length) {
  const Tensor places = at::arange(length, at::kLong) - before;
  return picture.index_select(dimension, places.clamp(0, picture.size(dimension) - 1));
}

Tensor extended(const Tensor& picture, const GenerateRequest& request, const PictureSize& canvas) {
  return edged(edged(picture, 0, request.extend_top.value_or(0), canvas.height), 1, request.extend_left.value_or(0),
               canvas.width);
}

bool is_by_alpha(const InputPicture& mask, MaskFrom from) {
  return from == MaskFrom::alpha || (from == MaskFrom::automatic && mask.alpha.defined());
}

/// Of the picture's size, before anything is extended; undefined without a mask.
Tensor given_mask(const InputPictures& inputs, const GenerateRequest& request, std::vector<std::string>& warnings) {
  const MaskFrom from = request.mask_from.value_or(MaskFrom::automatic);
  const bool is_own = !inputs.mask.rgb.defined();
  if (is_own && from != MaskFrom::alpha) return {};
  const InputPicture& source = is_own ? inputs.image : inputs.mask;
  Tensor mask;
  if (!is_by_alpha(source, from))
    mask = grey_of(flattened(source));
  else if (source.alpha.defined())
    mask = kOpaque - source.alpha;
  else
    mask = at::zeros({source.rgb.size(0), source.rgb.size(1)}, at::kByte);
  const PictureSize size = size_of(inputs.image.rgb), own = size_of(mask);
  if (own.width != size.width || own.height != size.height)
    warnings.push_back("/mask: is of " + to_text(own) + ", the picture of " + to_text(size) +
                       ": it is taken as if it were of that size");
  mask = resample(mask, size.width, size.height, Resampling::nearest);
  return request.mask_invert.value_or(false) ? kAnew - mask : mask;
}

/// Of the canvas, with its soft edge; undefined where all is made anew.
Tensor canvas_mask(const InputPictures& inputs, const GenerateRequest& request, const PictureSize& canvas,
                   std::vector<std::string>& warnings) {
  if (!has_mask(request)) return {};
  const Tensor given = given_mask(inputs, request, warnings);
  const PictureSize size = size_of(inputs.image.rgb);
  Tensor mask = at::full({canvas.height, canvas.width}, kAnew, at::kByte);
  const Tensor old = mask.narrow(0, request.extend_top.value_or(0), size.height)
                         .narrow(1, request.extend_left.value_or(0), size.width);
  given.defined() ? old.copy_(given) : old.zero_();
  if (mask.max().item<int64_t>() < kHalf) {
    warnings.push_back("/mask: leaves nothing to be made anew: the whole picture is, by strength");
    return {};
  }
  return blur(mask, request.mask_blur.value_or(0));
}

/// Around what is not 0.
Box bounds(const Tensor& mask) {
  const Tensor rows = mask.amax(1).nonzero(), columns = mask.amax(0).nonzero();
  return {columns.min().item<int64_t>(), rows.min().item<int64_t>(), columns.max().item<int64_t>() + 1,
          rows.max().item<int64_t>() + 1};
}

Tensor part_of(const Tensor& picture, const Box& part) {
  return picture.narrow(0, part.top, part.height()).narrow(1, part.left, part.width());
}

Tensor laid(const Tensor& picture, const Frame& frame, const PictureSize& drawn, Resampling how) {
  const Tensor scaled = resample(part_of(picture, frame.part), frame.scaled_width, frame.scaled_height, how);
  return edged(edged(scaled, 0, frame.top, drawn.height), 1, frame.left, drawn.width).contiguous();
}

/// `above` over `below` as far as the mask says; a soft edge is made outwards, so that all that was made anew is seen.
Tensor blended(const Tensor& below, const Tensor& above, const Tensor& mask) {
  const Tensor share = (mask.to(at::kFloat) * 2).clamp_max(kAnew).div(kAnew).unsqueeze(2);
  const Tensor floats = below.to(at::kFloat);
  return (floats + (above.to(at::kFloat) - floats) * share).round().to(at::kByte);
}

}  // namespace

Pictures read_pictures(const Settings& settings, std::vector<std::string>& warnings) {
  const GenerateRequest& request = settings.request;
  const InputPictures& inputs = settings.inputs;
  if (!request.image) return {};
  if (inputs.image.alpha.defined()) warnings.push_back("/image: is transparent in places: it is laid over white");
  const PictureSize canvas = canvas_size(inputs, request), drawn = {settings.width, settings.height};

  Pictures pictures;
  pictures.canvas = extended(flattened(inputs.image), request, canvas);
  pictures.canvas_mask = canvas_mask(inputs, request, canvas, warnings);
  const bool is_part = pictures.canvas_mask.defined() && request.only_masked.value_or(false);
  const Box part = is_part ? surroundings(bounds(pictures.canvas_mask), request.only_masked_padding.value_or(0), drawn,
                                          canvas)
                           : Box{0, 0, canvas.width, canvas.height};
  pictures.frame = frame_of(part, drawn, is_part ? Resize::fill : request.resize.value_or(Resize::stretch));
  pictures.original = laid(pictures.canvas, pictures.frame, drawn, Resampling::lanczos);
  pictures.content = pictures.original;
  if (!pictures.canvas_mask.defined()) return pictures;
  pictures.mask = laid(pictures.canvas_mask, pictures.frame, drawn, Resampling::nearest);
  if (request.masked_content == MaskedContent::fill) pictures.content = filled(pictures.original, pictures.mask);
  return pictures;
}

Tensor paste_back(const Pictures& pictures, const GenerateRequest& request, const Tensor& drawn) {
  const bool pastes = request.paste_back.value_or(false);
  if (!pictures.mask.defined()) return drawn;
  if (!request.only_masked.value_or(false)) return pastes ? blended(pictures.original, drawn, pictures.mask) : drawn;
  const Frame& frame = pictures.frame;
  const Tensor scaled =
      part_of(drawn, {frame.left, frame.top, frame.left + frame.scaled_width, frame.top + frame.scaled_height});
  const Tensor part = resample(scaled, frame.part.width(), frame.part.height(), Resampling::lanczos);
  Tensor whole = pictures.canvas.clone();
  const Tensor place = part_of(whole, frame.part);
  place.copy_(pastes ? blended(place, part, part_of(pictures.canvas_mask, frame.part)) : part);
  return whole;
}

Pixels pixels_of(const Pictures& pictures) {
  const auto pixels = [](const Tensor& picture) {
    return picture.permute({2, 0, 1}).unsqueeze(0).to(at::kFloat).div(255).mul(2).sub(1).contiguous();
  };
  if (!pictures.original.defined()) return {};
  return {pixels(pictures.original), pixels(pictures.content), pictures.mask};
}

Tensor to_latent_mask(const Tensor& mask, int64_t reduction) {
  const Tensor nearest = mask.slice(0, 0, mask.size(0), reduction).slice(1, 0, mask.size(1), reduction);
  return nearest.ge(kHalf).to(at::kFloat).unsqueeze(0).unsqueeze(0).contiguous();
}

}  // namespace alice
