#include "core/io/pictures.h"

#include "core/base/error.h"
#include "core/base/picture_format.h"
#include "core/io/colour_profile.h"
#include "core/io/decoded_picture.h"
#include "core/io/exif.h"

namespace alice {
namespace {

DecodedPicture decoded(std::string_view bytes, const std::string& place, const PictureLimits& limits) {
  const auto format = picture_format_of(bytes);
  if (!format) throw Error(ErrorCode::bad_request, place, other_format_sentence(bytes));
  switch (*format) {
    case PictureFormat::png: return decode_png_picture(bytes, place, limits);
    case PictureFormat::jpeg: return decode_jpeg_picture(bytes, place, limits);
    case PictureFormat::webp: return decode_webp_picture(bytes, place, limits);
  }
  throw Error(ErrorCode::internal, place, "has a format that nothing reads");
}

/// [H, W, ...], upright (Exif 2.3, 4.6.4 A). From 5 on, the file's rows are columns.
Tensor turned(const Tensor& pixels, int orientation) {
  Tensor t = orientation >= 5 ? pixels.transpose(0, 1) : pixels;
  const bool mirrors_columns = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool mirrors_rows = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  if (mirrors_columns) t = t.flip({1});
  if (mirrors_rows) t = t.flip({0});
  return t.contiguous();
}

/// The pixels in sRGB; adds a warning where the file's profile was of no use.
Tensor shown_colours(const DecodedPicture& file, std::vector<std::string>& warnings) {
  if (file.inks.defined()) {
    PrintedColours printed = inks_to_srgb(file.inks, file.profile);
    if (printed.not_used) warnings.push_back(*printed.not_used);
    return printed.rgb;
  }
  Tensor rgb = file.rgb;
  if (file.profile.empty()) return rgb;
  if (const auto not_used = colours_to_srgb(rgb, file.is_grey, file.profile)) warnings.push_back(*not_used);
  return rgb;
}

}  // namespace

void check_picture_size(int64_t width, int64_t height, const std::string& place, const PictureLimits& limits) {
  const std::string is = "is " + std::to_string(width) + " x " + std::to_string(height) + " pixels; at most ";
  if (width > limits.side || height > limits.side)
    throw Error(ErrorCode::bad_request, place, is + std::to_string(limits.side) + " a side are read");
  if (width * height > limits.pixels)
    throw Error(ErrorCode::bad_request, place, is + std::to_string(limits.pixels) + " in all are read");
}

std::string picture_exif(std::string_view bytes) {
  const auto format = picture_format_of(bytes);
  if (format == PictureFormat::jpeg) return jpeg_exif(bytes);
  return format == PictureFormat::webp ? webp_exif(bytes) : "";
}

Picture read_picture(std::string_view bytes, const std::string& place, const PictureLimits& limits) {
  if (bytes.size() > limits.file_bytes)
    throw Error(ErrorCode::bad_request, place,
                "has " + std::to_string(bytes.size()) + " bytes; at most " + std::to_string(limits.file_bytes) +
                    " are read");
  DecodedPicture file = decoded(bytes, place, limits);
  Picture picture;
  const int orientation = exif_orientation(file.exif);
  picture.rgb = turned(shown_colours(file, picture.warnings), orientation);
  if (file.alpha.defined() && file.alpha.min().item<int64_t>() < 255) picture.alpha = turned(file.alpha, orientation);
  return picture;
}

}  // namespace alice
