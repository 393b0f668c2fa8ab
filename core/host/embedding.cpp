#include "core/host/embedding.h"

#include <utility>

#include "core/api/finite.h"
#include "core/api/lora.h"
#include "core/host/plugin_call.h"
#include "core/io/open_tensors.h"

namespace alice {
namespace {

constexpr int64_t kMostVectors = 75;  // more would not fit into a window of any encoder

/// The first format's that knows any; whom to blame is not asked, since indexes are only read.
std::vector<LoraWord> words_of(const Registry& registry, const TensorIndex& index) {
  for (const LoraFormatFactory* factory : registry.of<LoraFormatFactory>().all()) {
    const std::string who = "the LoRA format " + factory->info().id;
    std::vector<LoraWord> words = call_plugin(who, [&] { return factory->create({})->words(index); });
    if (!words.empty()) return words;
  }
  return {};
}

Tensor vectors_of(const WeightSource& file, const std::string& name) {
  Tensor vectors = file.tensor(name).to(at::kCPU, at::kFloat);
  if (vectors.dim() == 1) vectors = vectors.unsqueeze(0);
  if (vectors.dim() != 2 || vectors.size(0) == 0 || vectors.size(0) > kMostVectors)
    throw Error(ErrorCode::bad_weights, file.index().place,
                "tensor '" + name + "' has the shape " + shape_text(vectors.sizes().vec()) +
                    "; a word has from 1 to " + std::to_string(kMostVectors) + " vectors");
  if (!all_finite(vectors))
    throw Error(ErrorCode::bad_weights, file.index().place, "tensor '" + name + "' holds a number that is not finite");
  return vectors.contiguous();
}

/// What is wrong with the word for this model, or "".
std::string misfit(const Model& model, const std::map<std::string, Tensor>& vectors) {
  for (const auto& [role, tensor] : vectors) {
    const auto encoder = model.text_encoders.find(role);
    if (encoder == model.text_encoders.end()) return "is for a model with a " + role;
    const int64_t width = encoder->second->info().vector_width;
    if (width == 0) return "cannot be read by " + model.id + ", whose " + role + " takes no vectors";
    if (width != tensor.size(1))
      return "has vectors of " + std::to_string(tensor.size(1)) + " numbers, and the " + role + " of " + model.id +
             " takes " + std::to_string(width);
  }
  for (const auto& [role, encoder] : model.text_encoders)
    if (vectors.count(role) == 0) return "has no vectors for the " + role + " of " + model.id;
  return "";
}

/// By the names that the file gives words; role "" becomes the only one.
std::map<std::string, std::map<std::string, Tensor>> read_words(const Model& model, const WeightSource& file,
                                                                const std::vector<LoraWord>& words) {
  std::map<std::string, std::map<std::string, Tensor>> read;
  for (const LoraWord& word : words) {
    const std::string role = word.part.empty() ? model.texts.front().role : word.part;
    read[word.name][role] = vectors_of(file, word.tensor);
  }
  return read;
}

}  // namespace

std::vector<std::filesystem::path> embedding_folders(const HostConfig& config) {
  std::vector<std::filesystem::path> folders = {config.models_directory / "embeddings"};
  if (!config.shipped_models.empty()) folders.push_back(config.shipped_models / "embeddings");
  return folders;
}

Embedding load_embedding(const Registry& registry, const Model& model, const std::string& name,
                         const std::filesystem::path& file) {
  const auto opened = open_tensors(file);
  const std::vector<LoraWord> words = words_of(registry, opened.weights->index());
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::bad_weights, file.filename().string(), "the embedding '" + name + "' " + why);
  };
  if (words.empty()) refuse("holds no word that a format knows");
  const auto read = read_words(model, *opened.weights, words);
  if (read.size() > 1) refuse("holds " + std::to_string(read.size()) + " words; one a file is read");
  const std::map<std::string, Tensor>& vectors = read.begin()->second;
  if (const std::string why = misfit(model, vectors); !why.empty()) refuse(why + ": it is made for another family");
  const std::string own = read.begin()->first.empty() ? file.stem().string() : read.begin()->first;
  return {name.empty() ? own : name, vectors, file};
}

std::vector<Embedding> bundled_embeddings(const Registry& registry, const Model& model,
                                          const std::filesystem::path& file) {
  const auto opened = open_tensors(file);
  const std::vector<LoraWord> words = words_of(registry, opened.weights->index());
  std::vector<Embedding> embeddings;
  for (const auto& [name, vectors] : read_words(model, *opened.weights, words))
    if (!name.empty() && misfit(model, vectors).empty()) embeddings.push_back({name, vectors, file});
  return embeddings;
}

}  // namespace alice
