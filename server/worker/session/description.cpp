#include "server/worker/session/description.h"

#include <sys/stat.h>

#include "core/api/plugin.h"
#include "core/base/generation_defaults.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

/// Seconds since 1970; 0 when it cannot be told.
int64_t changed_at(const fs::path& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 ? static_cast<int64_t>(status.st_mtime) : 0;
}

/// Of a file, or of all files below a folder, links followed.
uint64_t bytes_of(const fs::path& path) {
  std::error_code status;
  if (!fs::is_directory(path, status)) {
    const auto size = fs::file_size(path, status);
    return status ? 0 : size;
  }
  uint64_t sum = 0;
  for (auto entry = fs::recursive_directory_iterator(path, status); !status && entry != fs::end(entry);
       entry.increment(status)) {
    std::error_code of_entry;
    if (!entry->is_regular_file(of_entry)) continue;
    const auto size = entry->file_size(of_entry);
    if (!of_entry) sum += size;
  }
  return sum;
}

Json describe_model(const ModelStatus& model) {
  Json out = {{"id", model.id},
              {"available", model.unavailable.empty()},
              {"description", model.description},
              {"created", changed_at(model.source)},
              {"bytes", bytes_of(model.source)}};
  if (!model.note.empty()) out["note"] = model.note;
  if (!model.unavailable.empty()) out["unavailable"] = model.unavailable;
  return out;
}

}  // namespace

std::string backend_in_words(Composer& composer) {
  try {
    return composer.backend(composer.config().default_backend)->info().device;
  } catch (const std::exception& e) {
    return std::string("none: ") + e.what();
  }
}

Json describe_worker(const Composer& composer, const std::string& backend,
                     const BlueprintCache::BeforeLook& before_look) {
  const std::vector<ModelStatus> seen = composer.models(before_look);
  before_look("", "");
  Json models = Json::array();
  for (const ModelStatus& model : seen) models.push_back(describe_model(model));
  return {{"models", models},
          {"loras", composer.loras().names()},
          {"plugins", composer.registry().describe()},
          {"generation_defaults", describe_defaults(composer.config().defaults)},
          {"backend", backend},
          {"libtorch", TORCH_VERSION}};
}

}  // namespace alice
