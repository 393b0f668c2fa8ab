#pragma once
// Pictures as JPEG and WebP files. PNG: core/io/images.h.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/api/tensor.h"

namespace alice {

/// The most EXIF that a JPEG file holds, in bytes: one segment.
inline constexpr size_t kMostJpegExif = 65527;

// The bytes of a file. `image`: uint8 [H, W, 3]; `quality`: 0 to 100; `exif`: a TIFF folder
// (core/io/exif.h), "" is none.
// The same input gives the same bytes. Any thread. Throw Error(internal) for a tensor of another kind or shape, and
// when the library fails: for a side of more than 65500 pixels, of a WebP more than 16383.

/// Colours have half the resolution where the quality is less than 90, as cameras have it.
std::string encode_jpeg(const Tensor& image, int64_t quality, std::string_view exif);
std::string encode_webp(const Tensor& image, int64_t quality, std::string_view exif);

}  // namespace alice
