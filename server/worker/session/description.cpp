#include "server/worker/session/description.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <map>
#include <mutex>
#include <utility>

#include "core/api/plugin.h"
#include "core/base/generation_defaults.h"
#include "core/host/file_stamp.h"
#include "core/io/model_card.h"
#include "core/io/open_tensors.h"

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
  out.update(model.facts);
  out.update(write_size_rule(model.size));
  if (!model.note.empty()) out["note"] = model.note;
  if (!model.unavailable.empty()) out["unavailable"] = model.unavailable;
  return out;
}

/// "" of one that is gone meanwhile, too.
std::string hash_of(const ModelStatus& model, const Composer& composer, ModelHashes& hashes) {
  if (!model.unavailable.empty()) return "";
  try {
    return hashes.of(*composer.blueprint(model.id, /*paths_allowed=*/false));
  } catch (const Error&) {
    return "";
  }
}

Json describe_noise_options() {
  Json options = Json::array();
  for (const OptionSpec& spec : noise_model_options().specs()) options.push_back(spec.to_json());
  return options;
}

Json read_lora(const std::string& id, const fs::path& file) {
  Json lora = {{"id", id}, {"bytes", bytes_of(file)}, {"created", changed_at(file)}};
  try {
    const LoraCard card = read_lora_card(open_tensors(file).weights->index().metadata);
    if (!card.trigger_words.empty()) lora["trigger_words"] = card.trigger_words;
    if (!card.base_model.empty()) lora["base_model"] = card.base_model;
  } catch (const Error& error) {  // told to whoever asks for it
    spdlog::debug("{}: {}", error.place(), error.sentence());
  }
  return lora;
}

/// A file's header is read again only when the file has changed.
Json describe_loras(const LoraLibrary& library) {
  static std::mutex mutex;
  static std::map<std::string, Json> known;  // by stamp
  const std::lock_guard<std::mutex> lock(mutex);
  std::map<std::string, Json> present;
  Json loras = Json::array();
  for (const auto& [id, file] : library.all()) {
    const std::string stamp = file_stamp(file);
    const auto before = known.find(stamp);
    loras.push_back(before != known.end() ? before->second : read_lora(id, file));
    present[stamp] = loras.back();
  }
  known = std::move(present);
  return loras;
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
                     const BlueprintCache::BeforeLook& before_look, ModelHashes& hashes) {
  const std::vector<ModelStatus> seen = composer.models(before_look);
  before_look("", "");
  Json models = Json::array();
  for (const ModelStatus& model : seen) {
    models.push_back(describe_model(model));
    if (const std::string sha256 = hash_of(model, composer, hashes); !sha256.empty()) models.back()["sha256"] = sha256;
  }
  return {{"models", models},
          {"loras", describe_loras(composer.loras())},
          {"plugins", composer.registry().describe()},
          {"noise_options", describe_noise_options()},
          {"generation_defaults", describe_defaults(composer.config().defaults)},
          {"backend", backend},
          {"libtorch", TORCH_VERSION}};
}

}  // namespace alice
