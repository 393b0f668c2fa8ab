#include "server/worker/picture_writer.h"

#include <spdlog/spdlog.h>

#include "core/base/atomic_file.h"
#include "core/base/infotext.h"
#include "core/base/regular_file.h"
#include "core/base/sha256.h"
#include "core/host/recipe_book.h"
#include "core/io/exif.h"
#include "core/io/images.h"
#include "core/io/picture_encoders.h"
#include "core/io/pictures.h"

namespace alice {
namespace {

constexpr const char* kOurs = "alice";
constexpr const char* kTheirs = "parameters";

/// As much of the words as there is room for: prompts of tens of thousands of letters alone are too long for a JPEG.
std::string fitting_exif(const ExifWords& words, size_t most) {
  for (const ExifWords& some : {words, ExifWords{words.comment, ""}})
    if (std::string exif = write_exif(some); exif.size() <= most) return exif;
  spdlog::warn("the settings have no room in a JPEG file, which holds {} bytes of them", most);
  return "";
}

std::string encoded(const Tensor& pixels, const GenerateRequest& request, const ExifWords& words) {
  const int64_t quality = request.output_quality.value_or(kUsualQuality);
  switch (request.output_format.value_or(PictureFormat::png)) {
    case PictureFormat::png: break;
    case PictureFormat::jpeg: return encode_jpeg(pixels, quality, fitting_exif(words, kMostJpegExif));
    case PictureFormat::webp: return encode_webp(pixels, quality, write_exif(words));
  }
  return encode_png({pixels, {{kTheirs, words.comment}, {kOurs, words.note}}});
}

/// What a picture's file says: `comment` is A1111's text, `note` our own.
ExifWords words_in(const std::filesystem::path& file) {
  const PngLimits limits;
  const std::string bytes = read_regular_file(file, limits.file_bytes, ErrorCode::bad_request);
  const auto format = picture_format_of(bytes);
  if (format && *format != PictureFormat::png) return read_exif_words(picture_exif(bytes));
  ExifWords words;
  for (const PngText& text : decode_png(bytes, file.string(), limits).texts) {
    if (text.keyword == kOurs) words.note = text.text;
    if (text.keyword == kTheirs) words.comment = text.text;
  }
  return words;
}

}  // namespace

std::string picture_bytes(const GeneratedImage& image, const Recipe& recipe) {
  const Recipe of_this = of_picture(recipe, image.seed);
  return encoded(image.pixels, of_this.request, {write_infotext(of_this), dump_json(write_recipe(of_this))});
}

PictureFile write_picture(const std::filesystem::path& file, const GeneratedImage& image, const Recipe& recipe) {
  const std::string bytes = picture_bytes(image, recipe);
  AtomicFile out(file);
  out.write(bytes);
  out.commit();

  PictureFile picture;
  picture.index = image.index;
  picture.file = file.filename().string();
  picture.sha256 = sha256_of(bytes);
  picture.bytes = static_cast<int64_t>(bytes.size());
  picture.height = image.pixels.size(0);
  picture.width = image.pixels.size(1);
  picture.seed = static_cast<int64_t>(image.seed);
  return picture;
}

Recipe read_picture_recipe(const std::filesystem::path& file) {
  const ExifWords words = words_in(file);
  const std::string place = file.string();
  if (!words.note.empty())
    return read_recipe(parse_json(words.note, place, ErrorCode::bad_request), place + ": ");
  if (!words.comment.empty()) return read_infotext(words.comment, place + ": " + kTheirs);
  throw Error(ErrorCode::bad_request, place,
              "holds no settings: they are written into a picture as it is made, and editors and messengers take them "
              "out");
}

}  // namespace alice
