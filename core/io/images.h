#pragma once
// Pictures: from a VAE's pixels to bytes, and PNG files with words in them.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/tensor.h"

namespace alice {

/// float [..., 3, H, W], where -1 is black and 1 is white -> uint8 [..., H, W, 3]: (x / 2 + 0.5) held within 0 and 1,
/// times 255, rounded half to even, as the reference software does. Throws Error(internal) when a number is not finite.
Tensor to_bytes(const Tensor& pixels);

/// A text chunk. `keyword`: 1 to 79 characters of printable ASCII, no blanks. `text`: UTF-8.
struct PngText {
  std::string keyword;
  std::string text;
};

struct Png {
  Tensor image;  ///< uint8 [H, W, 3]
  std::vector<PngText> texts;
};

/// The bytes of a PNG file, RGB of 8 bits. A text is written as tEXt when it is Latin-1, else as iTXt; what is no
/// UTF-8, and the character 0, which PNG can't hold, become U+FFFD. The same input gives the same bytes. Any thread.
/// Throws Error(internal) for a tensor of another kind or shape, no pixels, or a bad keyword, and when libpng fails.
std::string encode_png(const Png& png);

/// encode_png() to a file, whole or not at all (see AtomicFile, whose errors it passes on).
void write_png(const std::filesystem::path& file, const Png& png);

struct PngLimits {
  size_t file_bytes = 64u << 20;
  int64_t side = 16384;          ///< pixels
  int64_t pixels = 64 << 20;     ///< width times height: three bytes each when decoded
  size_t text_bytes = 8u << 20;  ///< of one chunk, unpacked
  size_t texts = 32;             ///< chunks of text, colour profiles and the like
};

/// Any PNG becomes RGB of 8 bits: palettes and greys are spelled out, 16 bits are cut to 8, transparency is dropped
/// (not blended), gamma is not applied. `place` names the bytes in errors. Throws Error(bad_request) for bytes that are
/// no whole, sound PNG, or one beyond the limits, or one that promises more pixels than its bytes can hold. Any thread.
Png decode_png(std::string_view bytes, const std::string& place, const PngLimits& limits = {});

/// decode_png() of a regular file. Throws Error(not_found) too.
Png read_png(const std::filesystem::path& file, const PngLimits& limits = {});

}  // namespace alice
