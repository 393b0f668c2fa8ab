#pragma once
// What the reader of each format hands to read_picture(): pixels as the file has them, and what says how to see them.

#include <string>
#include <string_view>

#include "core/api/tensor.h"
#include "core/base/error.h"
#include "core/io/pictures.h"

namespace alice {

struct DecodedPicture {
  Tensor rgb;           ///< uint8 [H, W, 3]; undefined when `inks` are there
  Tensor inks;          ///< CMYK, uint8 [H, W, 4], 255 is full ink; undefined for all else
  Tensor alpha;         ///< uint8 [H, W]; undefined without
  bool is_grey = false;  ///< the file has one channel, which `rgb` has three times
  std::string profile;  ///< ICC; "": none
  std::string exif;     ///< a TIFF folder (core/io/exif.h); "": none
};

// As read_picture(), of bytes that begin as the format does.
DecodedPicture decode_png_picture(std::string_view bytes, const std::string& place, const PictureLimits& limits);
DecodedPicture decode_jpeg_picture(std::string_view bytes, const std::string& place, const PictureLimits& limits);
DecodedPicture decode_webp_picture(std::string_view bytes, const std::string& place, const PictureLimits& limits);

std::string jpeg_exif(std::string_view bytes);
std::string webp_exif(std::string_view bytes);

/// Throws Error(bad_request) when a side or all pixels are beyond the limits.
void check_picture_size(int64_t width, int64_t height, const std::string& place, const PictureLimits& limits);

}  // namespace alice
