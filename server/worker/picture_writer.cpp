#include "server/worker/picture_writer.h"

#include <sodium.h>

#include <array>

#include "core/base/atomic_file.h"
#include "core/base/infotext.h"
#include "core/host/settings.h"
#include "core/io/images.h"

namespace alice {
namespace {

std::string sha256_of(const std::string& bytes) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest;
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  std::string digits(2 * digest.size() + 1, '\0');
  sodium_bin2hex(digits.data(), digits.size(), digest.data(), digest.size());
  digits.pop_back();  // the closing 0
  return digits;
}

}  // namespace

PictureFile write_picture(const std::filesystem::path& file, const GeneratedImage& image, const Settings& settings) {
  const GenerateRequest made_with = as_request(settings, image.seed);
  const std::string bytes = encode_png(
      {image.pixels,
       {{"parameters", write_infotext(made_with)}, {"alice", dump_json(write_generate_request(made_with))}}});
  AtomicFile out(file);
  out.write(bytes);
  out.commit();

  PictureFile picture;
  picture.index = image.index;
  picture.file = file.filename().string();
  picture.sha256 = sha256_of(bytes);
  picture.bytes = static_cast<int64_t>(bytes.size());
  picture.width = settings.width;
  picture.height = settings.height;
  picture.seed = static_cast<int64_t>(image.seed);
  return picture;
}

}  // namespace alice
