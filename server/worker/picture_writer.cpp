#include "server/worker/picture_writer.h"

#include "core/base/atomic_file.h"
#include "core/base/infotext.h"
#include "core/host/file_hashes.h"
#include "core/host/recipe_book.h"
#include "core/io/images.h"

namespace alice {
namespace {

constexpr const char* kOurs = "alice";
constexpr const char* kTheirs = "parameters";

}  // namespace

std::string picture_bytes(const GeneratedImage& image, const Recipe& recipe) {
  const Recipe of_this = of_picture(recipe, image.seed);
  return encode_png({image.pixels, {{kTheirs, write_infotext(of_this)}, {kOurs, dump_json(write_recipe(of_this))}}});
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
  const Png png = read_png(file);
  const std::string place = file.string();
  for (const PngText& text : png.texts)
    if (text.keyword == kOurs) return read_recipe(parse_json(text.text, place, ErrorCode::bad_request), place + ": ");
  for (const PngText& text : png.texts)
    if (text.keyword == kTheirs) return read_infotext(text.text, place + ": " + kTheirs);
  throw Error(ErrorCode::bad_request, place,
              "holds no settings: they are written into a picture as it is made, and editors and messengers take them "
              "out");
}

}  // namespace alice
