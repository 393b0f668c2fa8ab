#include "server/worker/input_files.h"

#include "core/base/sha256.h"
#include "core/io/images.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

std::string png_of(int64_t level) { return encode_png({at::full({8, 8, 3}, level, at::kByte), {}}); }

}  // namespace

TEST_CASE("a picture that was kept is the one that the request names, or the job ends with a word") {
  const TempFolder folder;
  const std::string bytes = png_of(7), hash = sha256_of(bytes);
  GenerateRequest request;
  request.image = PictureInput{hash};
  std::vector<std::string> warnings;
  const auto read = [&] { return read_kept_pictures(folder.path(), request, warnings); };

  const Error missing = error_of(read);
  CHECK(missing.code() == ErrorCode::storage_failed);
  folder.write(hash, bytes);
  CHECK(read().image.rgb.equal(at::full({8, 8, 3}, 7, at::kByte)));
  folder.write(hash, png_of(8));
  const Error changed = error_of(read);
  CHECK(changed.code() == ErrorCode::storage_failed);
  CHECK(changed.place() == "/image");
  CHECK(says(changed.sentence(), "was changed on the disk"));
}
