// encode_webp(): libwebp makes the pixels' chunk, and the container around it is laid here (RFC 9649, 2).

#include <webp/encode.h>

#include <memory>

#include "core/base/error.h"
#include "core/io/picture_encoders.h"

namespace alice {
namespace {

struct Free {
  void operator()(uint8_t* bytes) const { WebPFree(bytes); }
};

[[noreturn]] void fail(const std::string& sentence) { throw Error(ErrorCode::internal, "", sentence); }

std::string little_endian(size_t number, size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(number >> 8 * i & 0xff);
  return bytes;
}

/// Of an odd size it is followed by a zero.
std::string chunk(const std::string& name, std::string_view data) {
  std::string bytes = name + little_endian(data.size(), 4) + std::string(data);
  if (data.size() % 2 != 0) bytes += '\0';
  return bytes;
}

/// `file` is a simple one: "RIFF", a size, "WEBP", and the chunk of its pixels.
std::string with_exif(const std::string& file, int64_t width, int64_t height, std::string_view exif) {
  constexpr size_t kHeader = 12;
  constexpr char kHasExif = 0x08;
  const std::string extended = kHasExif + little_endian(0, 3) + little_endian(static_cast<size_t>(width - 1), 3) +
                               little_endian(static_cast<size_t>(height - 1), 3);
  const std::string chunks = "WEBP" + chunk("VP8X", extended) + file.substr(kHeader) + chunk("EXIF", exif);
  return "RIFF" + little_endian(chunks.size(), 4) + chunks;
}

}  // namespace

std::string encode_webp(const Tensor& image, int64_t quality, std::string_view exif) {
  if (image.scalar_type() != at::kByte || image.dim() != 3 || image.size(2) != 3 || image.numel() == 0)
    fail("a picture must be uint8 [H, W, 3]");
  const Tensor pixels = image.to(at::kCPU).contiguous();
  const auto height = static_cast<int>(pixels.size(0)), width = static_cast<int>(pixels.size(1));
  uint8_t* bytes = nullptr;
  const size_t size = WebPEncodeRGB(pixels.data_ptr<uint8_t>(), width, height, width * 3, static_cast<float>(quality),
                                    &bytes);
  const std::unique_ptr<uint8_t, Free> owner(bytes);
  if (size == 0)
    fail("the picture of " + std::to_string(width) + " x " + std::to_string(height) +
         " pixels cannot be written as WebP");
  const std::string file(reinterpret_cast<const char*>(bytes), size);
  return exif.empty() ? file : with_exif(file, width, height, exif);
}

}  // namespace alice
