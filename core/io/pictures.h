#pragma once
// Pictures of strangers: PNG, JPEG and WebP files as the pixels that a viewer shows.

#include <string>
#include <string_view>
#include <vector>

#include "core/api/tensor.h"

namespace alice {

struct Picture {
  Tensor rgb;                         ///< uint8 [H, W, 3], sRGB, upright
  Tensor alpha;                       ///< uint8 [H, W], 255 is opaque; undefined where every pixel is
  std::vector<std::string> warnings;  ///< what was passed over, a sentence each
};

struct PictureLimits {
  size_t file_bytes = 32u << 20;
  int64_t side = 16384;             ///< pixels
  int64_t pixels = 32 << 20;        ///< width times height; decoding takes three to ten bytes each
  size_t scans = 100;               ///< of a progressive JPEG: each is a walk over all of its pixels
  size_t profile_bytes = 4u << 20;  ///< of a colour profile, unpacked
};

/// The picture, by the file's first bytes: its colours brought to sRGB where it has an ICC profile (perceptual; a
/// profile that cannot be used is a warning), turned as its EXIF says, palettes and greys spelled out, 16 bits cut to
/// 8. Transparency is kept apart, and not blended. CMYK becomes RGB by its profile, without one by the plain formula.
/// Limits, and what a file promises against what it holds, are judged before anything is decoded. `place` names the
/// bytes in errors. Any thread. Throws Error(bad_request) for other formats, animations, bytes that are no whole and
/// sound file, and those beyond the limits.
Picture read_picture(std::string_view bytes, const std::string& place, const PictureLimits& limits = {});

/// The EXIF of a JPEG or WebP file (core/io/exif.h); "" where it has none, or is another file. Decodes nothing.
std::string picture_exif(std::string_view bytes);

}  // namespace alice
