// decode_jpeg_picture(). See png_encoder.cpp on longjmp: the functions that libjpeg may jump out of hold plain values
// only.

#include "core/io/jpeg_failure.h"

#include <jerror.h>

#include "core/io/decoded_picture.h"
#include "core/io/jpeg_segments.h"

namespace alice {
namespace {

/// Warnings that stand for missing or broken pixels, which libjpeg would fill with grey.
bool is_damage(int code) {
  return code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE || code == JWRN_JPEG_EOF || code == JWRN_MUST_RESYNC ||
         code == JWRN_ARITH_BAD_CODE || code == JWRN_BOGUS_PROGRESSION;
}

void on_message(j_common_ptr jpeg, int level) {
  if (level < 0 && is_damage(jpeg->err->msg_code)) jump_out(jpeg);
}

class Reader {
 public:
  Reader() {
    jpeg_.err = jpeg_std_error(&failure_.manager);
    failure_.manager.error_exit = jump_out;
    failure_.manager.emit_message = on_message;
    failure_.sentence[0] = '\0';
  }
  ~Reader() { jpeg_destroy_decompress(&jpeg_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Into `jpeg`'s memory, which the destructor frees, whatever has been created. False after an error.
  bool read_header(const unsigned char* bytes, size_t size) {
    if (setjmp(failure_.jump)) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_mem_src(&jpeg_, bytes, static_cast<unsigned long>(size));
    jpeg_read_header(&jpeg_, TRUE);
    const bool has_inks = jpeg_.jpeg_color_space == JCS_CMYK || jpeg_.jpeg_color_space == JCS_YCCK;
    jpeg_.out_color_space = has_inks ? JCS_CMYK : JCS_RGB;
    return true;
  }
  /// False after an error.
  bool read_rows(unsigned char* pixels) {
    if (setjmp(failure_.jump)) return false;
    jpeg_start_decompress(&jpeg_);
    const size_t row_bytes = static_cast<size_t>(jpeg_.output_width) * static_cast<size_t>(jpeg_.output_components);
    while (jpeg_.output_scanline < jpeg_.output_height) {
      JSAMPROW row = pixels + jpeg_.output_scanline * row_bytes;
      jpeg_read_scanlines(&jpeg_, &row, 1);
    }
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

  const jpeg_decompress_struct& jpeg() const { return jpeg_; }
  std::string sentence() const { return failure_.sentence; }

 private:
  jpeg_decompress_struct jpeg_ = {};
  JpegFailure failure_ = {};
};

/// A block of 64 pixels takes one bit at least, where the coding is Huffman's.
constexpr int64_t kMostPixelsOfAByte = 64 * 8;

void check(const JpegSegments& file, size_t bytes, const std::string& place, const PictureLimits& limits) {
  const auto fail = [&](const std::string& sentence) { throw Error(ErrorCode::bad_request, place, sentence); };
  check_picture_size(file.width, file.height, place, limits);
  if (!file.whole) fail("is no whole JPEG: it ends within a picture");
  if (file.scans > limits.scans)
    fail("is a JPEG of " + std::to_string(file.scans) + " scans; at most " + std::to_string(limits.scans) +
         " are read");
  if (file.is_huffman_coded && file.width * file.height > static_cast<int64_t>(bytes) * kMostPixelsOfAByte)
    fail("is no whole JPEG: " + std::to_string(bytes) + " bytes cannot hold " + std::to_string(file.width) + " x " +
         std::to_string(file.height) + " pixels");
  if (file.profile.size() > limits.profile_bytes)
    fail("has a colour profile of " + std::to_string(file.profile.size()) + " bytes; at most " +
         std::to_string(limits.profile_bytes) + " are read");
}

}  // namespace

std::string jpeg_exif(std::string_view bytes) { return std::string(jpeg_segments(bytes).exif); }

DecodedPicture decode_jpeg_picture(std::string_view bytes, const std::string& place, const PictureLimits& limits) {
  JpegSegments file = jpeg_segments(bytes);
  check(file, bytes.size(), place, limits);
  const auto fail = [&](const std::string& sentence) { throw Error(ErrorCode::bad_request, place, sentence); };
  Reader reader;
  if (!reader.read_header(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()))
    fail("is no JPEG that can be read: " + reader.sentence());
  const jpeg_decompress_struct& jpeg = reader.jpeg();
  if (jpeg.image_width != file.width || jpeg.image_height != file.height)
    fail("is no JPEG that can be read: it says two sizes");

  DecodedPicture picture;
  const bool has_inks = jpeg.out_color_space == JCS_CMYK;
  Tensor& pixels = has_inks ? picture.inks : picture.rgb;
  pixels = at::empty({file.height, file.width, has_inks ? 4 : 3}, at::kByte);
  if (!reader.read_rows(pixels.data_ptr<uint8_t>())) fail("is a damaged JPEG: " + reader.sentence());
  if (has_inks && jpeg.saw_Adobe_marker) pixels = pixels.bitwise_not_();  // Adobe's programs store paper, not ink
  picture.is_grey = jpeg.jpeg_color_space == JCS_GRAYSCALE;
  picture.profile = std::move(file.profile);
  picture.exif = std::string(file.exif);
  return picture;
}

}  // namespace alice
