#pragma once
// The recipes of pictures: what a request that is ready to run is made of, in names and hashes.
//
// The hash of a file is the SHA-256 of its bytes, as sha256sum and A1111's "Model hash" (its first ten digits) have it.
// A model's folder, or a part's, has that of a text: for each weights file of its parts a line as sha256sum writes it,
// the hash, two blanks and the path below the folder, ordered by path. A folder with one weights file has that file's
// own.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/recipe.h"
#include "core/host/file_hashes.h"
#include "core/host/settings.h"

namespace alice {

struct Blueprint;

/// What the composer knows of a model that the model itself does not show.
struct Ingredients {
  std::shared_ptr<const Blueprint> plan, refiner;  ///< null: no refiner
  std::vector<std::filesystem::path> lora_files;  ///< of Settings::loras, in their order
  std::map<std::string, std::filesystem::path> embedding_files;  ///< of Settings::embeddings, by their names
};

/// Any thread.
class RecipeBook {
 public:
  /// `cache_folder`: where hashes are kept (hashes.json); empty: nowhere.
  explicit RecipeBook(const std::filesystem::path& cache_folder);

  /// Begins to read the files whose hashes recipe() wants: call it before a picture is computed.
  void begin(const Ingredients& ingredients);
  /// The recipe of all pictures of `settings` (the request's n and first seed), computed with at::get_num_threads()
  /// threads of this machine. Waits for hashes as FileHashes::get() does.
  Recipe recipe(const Ingredients& ingredients, const Model& model, const Settings& settings,
                const std::function<void()>& check = nullptr);

  /// See FileHashes::source_of().
  std::filesystem::path source_of(const std::string& sha256) const { return hashes_.source_of(sha256); }

 private:
  FileHashes hashes_;
};

/// Of `recipe`, which is of several pictures, the one with the seed `seed`.
Recipe of_picture(Recipe recipe, uint64_t seed);

/// What kernels choose by of this machine's processor, in words that are the same on any machine with as much of it.
std::string instruction_set();

}  // namespace alice
