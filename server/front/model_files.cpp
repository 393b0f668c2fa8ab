#include "server/front/model_files.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/lora_catalogue.h"
#include "core/base/model_catalogue.h"
#include "core/base/text.h"
#include "server/jobs/job.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char *kLoraFolder = "loras", *kHidden = ".deleted-";

std::map<std::string, fs::path> present(const fs::path& folder, ModelKind kind) {
  if (kind == ModelKind::lora) return list_loras(folder / kLoraFolder);
  HostConfig in_folder_alone;
  in_folder_alone.models_directory = folder;
  std::map<std::string, fs::path> paths;
  for (const auto& [id, model] : list_models(in_folder_alone)) paths.emplace(id, model.source);
  return paths;
}

/// Whether `inner` is `outer`, or lies in it. Both are canonical.
bool lies_in(const fs::path& inner, const fs::path& outer) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

[[noreturn]] void fail(const fs::path& path, const std::error_code& fault) {
  throw Error(ErrorCode::storage_failed, path.string(), "cannot be deleted: " + fault.message());
}

void delete_hidden(const fs::path& folder) {
  std::error_code fault;
  for (fs::directory_iterator entry(folder, fault); !fault && entry != fs::directory_iterator();
       entry.increment(fault)) {
    std::error_code of_entry;
    if (starts_with(entry->path().filename().string(), kHidden)) fs::remove_all(entry->path(), of_entry);
    if (of_entry) fail(entry->path(), of_entry);
  }
}

}  // namespace

fs::path deletable_path(const fs::path& models_directory, ModelKind kind, const std::string& id) {
  const auto paths = present(models_directory, kind);
  const auto found = paths.find(id);
  if (found == paths.end()) throw Error(ErrorCode::not_found, "", "lies not in the models folder");
  std::error_code fault;
  const fs::path real_folder = fs::canonical(models_directory, fault);
  const fs::path real_parent = fault ? fs::path() : fs::canonical(found->second.parent_path(), fault);
  if (fault || !lies_in(real_parent, real_folder))
    throw Error(ErrorCode::unsupported, "", "lies behind a link that leads out of the models folder");
  return found->second;
}

void delete_model_files(const fs::path& models_directory, const fs::path& path) {
  std::error_code fault;
  fs::rename(path, models_directory / (kHidden + new_job_id()), fault);
  if (fault) fail(path, fault);
  delete_hidden(models_directory);
}

}  // namespace alice
