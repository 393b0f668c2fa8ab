#pragma once
// Textual inversions: words that files teach text encoders (Gal et al. 2022, arXiv 2208.01618).

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/host/model.h"
#include "core/host/registry.h"

namespace alice {

/// A word that stands for vectors, one a token.
struct Embedding {
  std::string name;                        ///< as prompts write it
  std::map<std::string, Tensor> vectors;   ///< by role: [n, width], float32 on the CPU
  std::filesystem::path file;
};

/// Where a configuration's embeddings lie: "embeddings" in the models folder, then those that come with ALICE.
std::vector<std::filesystem::path> embedding_folders(const HostConfig& config);

/// The word `name` ("": as the file calls it, else the file's own name) for the text encoders of `model`, by the first
/// format that finds words in the file. Throws Error(bad_weights) naming the file, for one that teaches no word, or
/// those of another family: of another width, or for more or fewer text encoders; Error(unsupported) where no format
/// knows it. Any thread.
Embedding load_embedding(const Registry& registry, const Model& model, const std::string& name,
                         const std::filesystem::path& file);

/// Those of a LoRA file, by their names; none for most. Words of other text encoders are left out.
std::vector<Embedding> bundled_embeddings(const Registry& registry, const Model& model,
                                          const std::filesystem::path& file);

}  // namespace alice
