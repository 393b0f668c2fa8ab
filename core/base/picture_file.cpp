#include "core/base/picture_file.h"

namespace alice {

const OptionTable<PictureFile>& picture_file_options() {
  using P = PictureFile;
  static const auto table = OptionTable<P>()
                                .integer("index", &P::index, {0}, "which picture of its job")
                                .text("file", &P::file, "its name in the folder of pictures")
                                .text("sha256", &P::sha256, "of the file's bytes")
                                .integer("bytes", &P::bytes, {0}, "size of the file")
                                .integer("width", &P::width, {1}, "width", "pixels")
                                .integer("height", &P::height, {1}, "height", "pixels")
                                .integer("seed", &P::seed, {0}, "makes this picture again");
  return table;
}

}  // namespace alice
