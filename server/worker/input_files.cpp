#include "server/worker/input_files.h"

#include "core/base/regular_file.h"
#include "core/base/sha256.h"
#include "core/host/file_hashes.h"
#include "core/io/pictures.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

/// `field` is "image" or "mask"; `place` where its faults stand.
InputPicture decoded(const std::string& bytes, const std::string& field, const std::string& place,
                     std::vector<std::string>& warnings) {
  Picture picture = read_picture(bytes, place);
  for (const std::string& warning : picture.warnings) warnings.push_back("/" + field + ": " + warning);
  return {std::move(picture.rgb), std::move(picture.alpha)};
}

InputPicture named(const std::string& file, const std::string& field, std::optional<PictureInput>& of_request,
                   std::vector<std::string>& warnings) {
  const std::string option = "--" + field;
  if (file.empty()) {
    if (of_request)
      throw Error(ErrorCode::bad_request, option,
                  "is missing: the picture was made from another one (SHA-256 " + of_request->sha256 + ")");
    return {};
  }
  const std::string bytes = read_regular_file(file, PictureLimits().file_bytes, ErrorCode::bad_request);
  const std::string hash = sha256_of(bytes);
  if (of_request && of_request->sha256 != hash)
    warnings.push_back("/" + field + ": '" + file + "' is another picture than the recorded one, whose SHA-256 is " +
                       of_request->sha256);
  of_request = PictureInput{hash};
  return decoded(bytes, field, option, warnings);
}

InputPicture kept(const fs::path& folder, const std::string& field, const std::optional<PictureInput>& of_request,
                  std::vector<std::string>& warnings) {
  if (!of_request) return {};
  const std::string place = "/" + field;
  const fs::path file = folder / of_request->sha256;
  std::error_code status;
  if (!fs::exists(file, status))
    throw Error(ErrorCode::storage_failed, place, "is not on the disk any more, where it was kept: send it again");
  const std::string bytes = read_regular_file(file, PictureLimits().file_bytes, ErrorCode::storage_failed);
  if (sha256_of(bytes) != of_request->sha256)
    throw Error(ErrorCode::storage_failed, place, "was changed on the disk after it was kept: send it again");
  return decoded(bytes, field, place, warnings);
}

}  // namespace

InputPictures read_named_pictures(const std::string& image, const std::string& mask, GenerateRequest& request,
                                  std::vector<std::string>& warnings) {
  InputPictures inputs;
  inputs.image = named(image, "image", request.image, warnings);
  inputs.mask = named(mask, "mask", request.mask, warnings);
  return inputs;
}

InputPictures read_kept_pictures(const fs::path& folder, const GenerateRequest& request,
                                 std::vector<std::string>& warnings) {
  InputPictures inputs;
  inputs.image = kept(folder, "image", request.image, warnings);
  inputs.mask = kept(folder, "mask", request.mask, warnings);
  return inputs;
}

}  // namespace alice
