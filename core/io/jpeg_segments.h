#pragma once
// What a JPEG file is made of (ITU-T T.81, annex B), found out before anything of it is decoded.

#include <cstdint>
#include <string>
#include <string_view>

namespace alice {

struct JpegSegments {
  bool whole = false;              ///< segment by segment from the first marker to the last, EOI
  int64_t width = 0, height = 0;  ///< pixels, as its frame says; 0: it has none
  bool is_huffman_coded = false;   ///< else arithmetic, where no least number of bits is known
  size_t scans = 0;
  std::string profile;    ///< ICC, put together; "": none, or parts of it are missing
  std::string_view exif;  ///< within the file's bytes; empty: none
};

/// What stands behind the last marker (other pictures, a maker's notes) is not looked at.
JpegSegments jpeg_segments(std::string_view bytes);

}  // namespace alice
