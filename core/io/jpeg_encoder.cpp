// encode_jpeg(). See png_encoder.cpp on longjmp.

#include <cstdlib>

#include "core/base/error.h"
#include "core/io/jpeg_failure.h"
#include "core/io/picture_encoders.h"

namespace alice {
namespace {

constexpr int64_t kFullColours = 90;  // quality from which on colours have the full resolution

void on_message(j_common_ptr, int) {}

[[noreturn]] void fail(const std::string& sentence) { throw Error(ErrorCode::internal, "", sentence); }

struct Order {
  unsigned char* pixels;
  JDIMENSION width, height;
  int quality;
  const unsigned char* exif;  ///< the segment's bytes
  unsigned exif_size;
};

class Writer {
 public:
  Writer() {
    jpeg_.err = jpeg_std_error(&failure_.manager);
    failure_.manager.error_exit = jump_out;
    failure_.manager.emit_message = on_message;
    failure_.sentence[0] = '\0';
  }
  ~Writer() {
    jpeg_destroy_compress(&jpeg_);
    std::free(bytes_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// False after an error. What libjpeg had set aside for the bytes is lost then: it does not say where that is.
  bool write(const Order* order) {
    if (setjmp(failure_.jump)) {
      bytes_ = nullptr;
      return false;
    }
    jpeg_create_compress(&jpeg_);
    jpeg_mem_dest(&jpeg_, &bytes_, &size_);
    jpeg_.image_width = order->width;
    jpeg_.image_height = order->height;
    jpeg_.input_components = 3;
    jpeg_.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg_);
    jpeg_set_quality(&jpeg_, order->quality, TRUE);
    jpeg_.optimize_coding = TRUE;
    if (order->quality >= kFullColours) jpeg_.comp_info[0].h_samp_factor = jpeg_.comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(&jpeg_, TRUE);
    if (order->exif_size > 0) jpeg_write_marker(&jpeg_, JPEG_APP0 + 1, order->exif, order->exif_size);
    while (jpeg_.next_scanline < jpeg_.image_height) {
      JSAMPROW row = order->pixels + static_cast<size_t>(jpeg_.next_scanline) * order->width * 3;
      jpeg_write_scanlines(&jpeg_, &row, 1);
    }
    jpeg_finish_compress(&jpeg_);
    return true;
  }
  std::string bytes() const { return std::string(reinterpret_cast<const char*>(bytes_), size_); }
  std::string sentence() const { return failure_.sentence; }

 private:
  jpeg_compress_struct jpeg_ = {};
  JpegFailure failure_ = {};
  unsigned char* bytes_ = nullptr;
  unsigned long size_ = 0;
};

}  // namespace

std::string encode_jpeg(const Tensor& image, int64_t quality, std::string_view exif) {
  if (image.scalar_type() != at::kByte || image.dim() != 3 || image.size(2) != 3 || image.numel() == 0)
    fail("a picture must be uint8 [H, W, 3]");
  if (exif.size() > kMostJpegExif) fail("a JPEG has no room for " + std::to_string(exif.size()) + " bytes of EXIF");
  const Tensor pixels = image.to(at::kCPU).contiguous();
  const std::string segment = exif.empty() ? "" : std::string("Exif\0\0", 6) + std::string(exif);
  const Order order = {pixels.data_ptr<uint8_t>(), static_cast<JDIMENSION>(pixels.size(1)),
                       static_cast<JDIMENSION>(pixels.size(0)), static_cast<int>(quality),
                       reinterpret_cast<const unsigned char*>(segment.data()), static_cast<unsigned>(segment.size())};
  Writer writer;
  if (!writer.write(&order)) fail("the picture cannot be written as JPEG: " + writer.sentence());
  return writer.bytes();
}

}  // namespace alice
