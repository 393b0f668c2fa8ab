#pragma once
// EXIF (CIPA DC-008): a TIFF folder of tags within a picture's file. Every offset in it is a stranger's.

#include <string_view>

namespace alice {

/// How a picture is to be turned, 1 to 8 (tag 0x0112); 1, upright, where `exif` does not say or cannot be read. It
/// begins with the TIFF header, or with "Exif\0\0" before that.
int exif_orientation(std::string_view exif);

}  // namespace alice
