#include "server/worker/session/made_batch.h"

#include <system_error>

#include "core/base/json.h"

namespace alice {

std::string write_made_batch(const MadeBatch& batch) {
  Json pictures = Json::array();
  for (const PictureFile& picture : batch.pictures) pictures.push_back(picture_file_options().write(picture));
  return dump_json({{"pictures", pictures}, {"steps", batch.steps}});
}

MadeBatch read_made_batch(const std::string& text) {
  const auto place = [](const std::string& name) { return "/" + name; };
  MadeBatch batch;
  Faults faults;
  try {
    const Json note = Json::parse(text);
    batch.steps = note.at("steps").get<int64_t>();
    for (const Json& picture : note.at("pictures"))
      picture_file_options().read_into(batch.pictures.emplace_back(), picture, UnknownKeys::fault, place, faults);
  } catch (const Json::exception&) {
    return {};
  }
  return faults.empty() ? batch : MadeBatch();
}

bool are_there(const MadeBatch& batch, int64_t first, int64_t images, const std::filesystem::path& folder) {
  if (static_cast<int64_t>(batch.pictures.size()) != images) return false;
  for (const PictureFile& picture : batch.pictures) {
    std::error_code fault;
    const auto bytes = std::filesystem::file_size(folder / picture.file, fault);
    if (picture.index != first++ || fault || static_cast<int64_t>(bytes) != picture.bytes) return false;
  }
  return true;
}

}  // namespace alice
