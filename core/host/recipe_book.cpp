#include "core/host/recipe_book.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/api/plugin.h"
#include "core/base/tensor_files.h"
#include "core/host/blueprint.h"
#include "core/host/effective_options.h"
#include "core/host/settings.h"
#include "core/host/weights_hash.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

std::string dtype_in_words(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat: return "float32";
    case at::kHalf: return "float16";
    case at::kBFloat16: return "bfloat16";
    default: return c10::toString(dtype);
  }
}

/// The name of a file or folder, without where it lies.
std::string name_of(const fs::path& path) {
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

template <class Part>
void add_part(const std::string& name, const PartChoice<Part>& choice, const PartConfig& config, const HashOf& hash_of,
              std::map<std::string, PartRecipe>& parts) {
  PartRecipe part;
  if (choice.configured) part.plugin = choice.factory->info().id;
  part.options = effective_options(choice.factory->info().options, choice.options);
  if (!config.source.empty()) {
    part.source = name_of(config.source);
    part.sha256 = hash_of_files(config.source, choice.files.weights->index().files, hash_of);
  }
  if (choice.configured || !config.source.empty() || !part.options.empty()) parts[name] = std::move(part);
}

std::vector<fs::path> all_files(const Ingredients& ingredients) {
  const Blueprint& plan = *ingredients.plan;
  std::vector<fs::path> files(plan.own_weights.begin(), plan.own_weights.end());
  plan.parts.each([&](const std::string& role, const auto& choice) {
    if (plan.config.part(role).source.empty()) return;
    for (const std::string& file : choice.files.weights->index().files) files.emplace_back(file);
  });
  if (const Blueprint* refiner = ingredients.refiner.get())
    files.insert(files.end(), refiner->own_weights.begin(), refiner->own_weights.end());
  files.insert(files.end(), ingredients.lora_files.begin(), ingredients.lora_files.end());
  for (const auto& embedding : ingredients.embedding_files) files.push_back(embedding.second);
  return files;
}

/// A LoRA that was named by its path is told by its file's name.
void hide_folders(std::vector<LoraUse>& loras) {
  for (LoraUse& lora : loras)
    if (!without_tensor_ending(lora.name).empty()) lora.name = name_of(lora.name);
}

}  // namespace

RecipeBook::RecipeBook(const fs::path& cache_folder)
    : hashes_(cache_folder.empty() ? fs::path() : cache_folder / "hashes.json") {}

void RecipeBook::begin(const Ingredients& ingredients) { hashes_.begin(all_files(ingredients)); }

Recipe RecipeBook::recipe(const Ingredients& ingredients, const Model& model, const Settings& settings,
                          const std::function<void()>& check) {
  const Blueprint& plan = *ingredients.plan;
  const HashOf hash_of = [&](const fs::path& file) { return hashes_.get(file, check); };
  Recipe recipe;
  recipe.request = as_request(settings, settings.seed);
  recipe.request.n = settings.n;
  hide_folders(recipe.request.loras);
  recipe.sampler = settings.scheduler.display.name;
  recipe.schedule_type = settings.scheduler.display.schedule;
  recipe.further_options = settings.scheduler.further_options;

  recipe.model_sha256 = hash_of_files(plan.config.source, plan.own_weights, hash_of);
  hashes_.note_source(recipe.model_sha256, plan.config.source);
  if (const Blueprint* refiner = ingredients.refiner.get()) {
    recipe.refiner_sha256 = hash_of_files(refiner->config.source, refiner->own_weights, hash_of);
    hashes_.note_source(recipe.refiner_sha256, refiner->config.source);
  }
  plan.parts.each([&](const std::string& role, const auto& choice) {
    const PartConfig& config = plan.config.part(role);
    add_part(role, choice, config, hash_of, recipe.parts);
    if (!config.source.empty()) hashes_.note_source(recipe.parts[role].sha256, config.source);
  });
  for (const fs::path& file : ingredients.lora_files) {
    recipe.lora_sha256.push_back(hash_of(file));
    hashes_.note_source(recipe.lora_sha256.back(), file);
  }
  for (const auto& [name, file] : ingredients.embedding_files) recipe.embedding_sha256[name] = hash_of(file);

  recipe.backend = plan.backend.factory->info().id;
  recipe.backend_options = effective_options(plan.backend.factory->info().options, plan.backend.options);
  recipe.dtype = dtype_in_words(model.backend->dtype());
  recipe.machine = {instruction_set(), at::get_num_threads(), TORCH_VERSION};
  recipe.version = ALICE_VERSION;
  return recipe;
}

Recipe of_picture(Recipe recipe, uint64_t seed) {
  recipe.request.n = 1;
  recipe.request.seed = static_cast<int64_t>(seed);
  return recipe;
}

std::string instruction_set() {
  static const std::string words = [] {
    // As /proc/cpuinfo names them; of the last two lines each is of another kind of processor.
    static const std::vector<std::string> kTold = {"avx",         "avx2",     "fma",   "avx512f", "avx512_vnni",
                                                   "avx_vnni",    "amx_tile", "asimd", "asimddp", "bf16",
                                                   "avx512_bf16", "sve"};
    std::ifstream in("/proc/cpuinfo");
    for (std::string line; std::getline(in, line);) {
      if (line.compare(0, 5, "flags") != 0 && line.compare(0, 8, "Features") != 0) continue;
      std::istringstream flags(line.substr(line.find(':') + 1));
      std::string found;
      for (std::string flag; flags >> flag;)
        if (std::find(kTold.begin(), kTold.end(), flag) != kTold.end()) found += (found.empty() ? "" : " ") + flag;
      return found;
    }
    return std::string();
  }();
  return words;
}

}  // namespace alice
