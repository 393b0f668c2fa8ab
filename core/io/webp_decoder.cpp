// decode_webp_picture().

#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>

#include "core/io/decoded_picture.h"

namespace alice {
namespace {

struct Delete {
  void operator()(WebPDemuxer* file) const { WebPDemuxDelete(file); }
};
using File = std::unique_ptr<WebPDemuxer, Delete>;

const uint8_t* bytes_of(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

/// The bytes of a chunk ("ICCP", "EXIF"); empty when it is not there.
std::string chunk_of(const File& file, const char* name) {
  WebPChunkIterator chunk = {};
  std::string bytes;
  if (WebPDemuxGetChunk(file.get(), name, 1, &chunk) != 0)
    bytes.assign(reinterpret_cast<const char*>(chunk.chunk.bytes), chunk.chunk.size);
  WebPDemuxReleaseChunkIterator(&chunk);
  return bytes;
}

/// Null for what is no whole WebP. `bytes` must outlive it.
File opened(std::string_view bytes) {
  const WebPData data = {bytes_of(bytes), bytes.size()};
  return File(WebPDemux(&data));
}

}  // namespace

std::string webp_exif(std::string_view bytes) {
  const File file = opened(bytes);
  return file ? chunk_of(file, "EXIF") : "";
}

DecodedPicture decode_webp_picture(std::string_view bytes, const std::string& place, const PictureLimits& limits) {
  const auto fail = [&](const std::string& sentence) { throw Error(ErrorCode::bad_request, place, sentence); };
  WebPBitstreamFeatures features = {};
  if (WebPGetFeatures(bytes_of(bytes), bytes.size(), &features) != VP8_STATUS_OK) fail("is no WebP that can be read");
  if (features.has_animation != 0) fail("is an animated WebP; give one picture of it, saved as a picture");
  check_picture_size(features.width, features.height, place, limits);
  const File file = opened(bytes);
  if (!file) fail("is no whole WebP: a part of it leads beyond its end");

  DecodedPicture picture;
  picture.profile = chunk_of(file, "ICCP");
  picture.exif = chunk_of(file, "EXIF");
  if (picture.profile.size() > limits.profile_bytes)
    fail("has a colour profile of " + std::to_string(picture.profile.size()) + " bytes; at most " +
         std::to_string(limits.profile_bytes) + " are read");
  const int64_t width = features.width, height = features.height;
  const int64_t channels = features.has_alpha != 0 ? 4 : 3;
  Tensor pixels = at::empty({height, width, channels}, at::kByte);
  const auto decode = channels == 4 ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  if (decode(bytes_of(bytes), bytes.size(), pixels.data_ptr<uint8_t>(), static_cast<size_t>(pixels.numel()),
             static_cast<int>(width * channels)) == nullptr)
    fail("is a damaged WebP");
  if (channels == 4) {
    picture.alpha = pixels.select(2, 3).contiguous();
    pixels = pixels.narrow(2, 0, 3).contiguous();
  }
  picture.rgb = pixels;
  return picture;
}

}  // namespace alice
