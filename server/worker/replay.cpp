#include "server/worker/replay.h"

#include <algorithm>

#include "core/base/model_catalogue.h"
#include "core/host/lora_set.h"
#include "core/host/recipe_book.h"
#include "server/worker/picture_writer.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

bool is_in(const LoraLibrary& library, const std::string& name) {
  try {
    library.find(name, /*paths_allowed=*/false, "/loras");
    return true;
  } catch (const Error&) {
    return false;
  }
}

bool is_given(const CommandLine& line, const std::string& field) {
  return std::find(line.given.begin(), line.given.end(), field) != line.given.end();
}

/// The recorded request, and what was typed over it.
GenerateRequest request_of(const CommandLine& line, const GenerateRequest& recorded) {
  const Json typed = write_generate_request(line.request);
  Json request = write_generate_request(recorded);
  if (is_given(line, "scheduler")) request["scheduler_options"] = Json::object();  // they are another scheduler's
  for (const std::string& field : line.given) request[field] = typed.at(field);
  request["scheduler_options"].update(line.request.scheduler_options);
  if (!line.request.loras.empty()) request["loras"] = typed.at("loras");
  return read_generate_request(request);
}

/// Makes one configuration draw one recipe.
class Replay {
 public:
  Replay(const Recipe& recipe, const std::string& file, Config& config)
      : recipe_(recipe), file_(file), config_(config), book_(config.host.cache_directory) {}

  /// A model that was typed keeps what the configuration says of it. Returns its id.
  std::string compose_typed(const std::string& name, bool keeps_backend) {
    ModelConfig model = find_model(config_.host, name, /*paths_allowed=*/true, "/model");
    if (!keeps_backend) set_backend(model);
    const std::string id = model.id;
    config_.host.models[id] = std::move(model);
    return id;
  }

  /// Returns the model's id.
  std::string compose_recorded(bool keeps_backend) {
    ModelConfig model = recorded_model();
    model.parts.clear();
    for (const auto& recorded : recipe_.parts) model.parts[recorded.first] = recorded_part(recorded.first);
    model.scheduler = {};  // the request says it
    model.defaults = {};
    if (!keeps_backend) set_backend(model);
    const std::string id = model.id;
    config_.host.models[id] = std::move(model);
    return id;
  }

  void find_loras(std::vector<LoraUse>& loras) const {
    const LoraLibrary library(lora_folders(config_.host));
    const size_t recorded = std::min(recipe_.lora_sha256.size(), recipe_.request.loras.size());
    for (size_t i = 0; i < loras.size() && i < recorded; ++i) {
      if (loras[i].name != recipe_.request.loras[i].name || is_in(library, loras[i].name)) continue;
      const fs::path known = book_.source_of(recipe_.lora_sha256[i]);
      if (!known.empty()) loras[i].name = known.string();
    }
  }

  /// Unless there is a model of that name, or somebody has typed another.
  void find_refiner(std::optional<std::string>& refiner) const {
    if (!refiner || refiner != recipe_.request.refiner || list_models(config_.host).count(*refiner) > 0) return;
    const fs::path known = book_.source_of(recipe_.refiner_sha256);
    if (!known.empty()) refiner = known.string();
  }

 private:
  ModelConfig recorded_model() const {
    try {
      return find_model(config_.host, recipe_.request.model, /*paths_allowed=*/false, file_);
    } catch (const Error& e) {
      const fs::path known = book_.source_of(recipe_.model_sha256);
      if (e.code() != ErrorCode::not_found || known.empty()) throw;
      ModelConfig model = find_model(config_.host, known.string(), /*paths_allowed=*/true, file_);
      model.id = recipe_.request.model;
      return model;
    }
  }

  PartConfig recorded_part(const std::string& name) const {
    PartConfig part;
    part.place = json_places(file_ + ": /made_with/parts/" + name);
    const auto found = recipe_.parts.find(name);
    if (found == recipe_.parts.end()) return part;
    part.plugin = found->second.plugin;
    part.options = found->second.options;
    if (!found->second.source.empty()) part.source = source_of(name, found->second);
    return part;
  }

  fs::path source_of(const std::string& name, const PartRecipe& part) const {
    if (const fs::path known = book_.source_of(part.sha256); !known.empty()) return known;
    std::error_code status;
    if (const fs::path beside = config_.host.models_directory / part.source; fs::exists(beside, status)) return beside;
    throw Error(ErrorCode::not_found, file_,
                "was made with the " + name + " '" + part.source + "' (SHA-256 " + part.sha256 +
                    "), which is not known here: put it into the models folder, or name a --model whose entry in the "
                    "configuration has it");
  }

  void set_backend(ModelConfig& model) {
    if (recipe_.backend.empty()) return;
    model.backend = recipe_.backend;
    config_.host.backends[recipe_.backend] = {recipe_.backend, recipe_.backend_options,
                                              json_places(file_ + ": /made_with/backend")};
  }

  const Recipe& recipe_;
  const std::string file_;
  Config& config_;
  const RecipeBook book_;
};

}  // namespace

Recipe apply_recorded(CommandLine& line, Config& config) {
  const Recipe recorded = read_picture_recipe(line.from);
  line.request = request_of(line, recorded.request);
  Replay replay(recorded, line.from, config);
  const bool keeps_backend = !line.backend.empty();
  if (is_given(line, "model"))
    line.request.model = replay.compose_typed(line.request.model, keeps_backend);
  else if (!line.request.model.empty())
    line.request.model = replay.compose_recorded(keeps_backend);
  replay.find_loras(line.request.loras);
  replay.find_refiner(line.request.refiner);
  return recorded;
}

}  // namespace alice
