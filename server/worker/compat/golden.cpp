#include "server/worker/compat/golden.h"

#include <algorithm>

#include "core/io/safetensors_writer.h"

namespace alice {
namespace {

constexpr std::string_view kModelPrefix = "tiny_";

}  // namespace

Golden::Golden(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::error_code status;
  if (!std::filesystem::is_directory(folder_, status))
    throw Error(ErrorCode::not_found, folder_.string(),
                "is no folder: a golden folder holds schedulers/, unet/, images/ and the like");
}

bool Golden::has(const std::string& file) const {
  std::error_code status;
  return std::filesystem::exists(folder_ / file, status);
}

const Json& Golden::json(const std::string& file) {
  const auto found = jsons_.find(file);
  if (found != jsons_.end()) return found->second;
  return jsons_[file] = read_json_file(folder_ / file);
}

const SafetensorsFile& Golden::tensors(const std::string& file) {
  std::shared_ptr<const SafetensorsFile>& opened = files_[file];
  if (!opened) opened = SafetensorsFile::open(folder_ / file);
  return *opened;
}

std::vector<std::string> Golden::families() const {
  std::vector<std::string> out;
  std::error_code status;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "models", status)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && name.rfind(kModelPrefix, 0) == 0) out.push_back(name.substr(kModelPrefix.size()));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::filesystem::path Golden::model(const std::string& family) const {
  return folder_ / "models" / (std::string(kModelPrefix) + family);
}

void Golden::keep(const std::string& file, const std::string& name, const Tensor& tensor) {
  kept_[file][name] = tensor.detach().to(at::kCPU).contiguous();
}

void Golden::write_kept(const std::filesystem::path& folder) const {
  for (const auto& [file, tensors] : kept_) {
    const std::filesystem::path target = folder / file;
    std::error_code status;
    std::filesystem::create_directories(target.parent_path(), status);
    if (status)
      throw Error(ErrorCode::bad_request, target.parent_path().string(), "cannot be created: " + status.message());
    write_safetensors(target, tensors, {});
  }
}

std::string family_of(const std::string& id) { return id.substr(0, id.find_first_of("/_")); }

}  // namespace alice
