#pragma once
// What a picture was made with: the request with every default filled in, and all else that its bytes depend on. It is
// written into pictures, jobs and answers, and read back to draw the same picture again.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/generate_request.h"

namespace alice {

/// A part of a model that the configuration has changed.
struct PartRecipe {
  std::string plugin;             ///< a factory's id; "" when the model's files chose it
  Json options = Json::object();  ///< those that differ from the plugin's defaults
  std::string source;             ///< the name of a file or folder that is not the model's; "" for the model's own
  std::string sha256;             ///< of that file or folder (see RecipeBook); "" for the model's own, or not known
};

/// Who computed. Pictures are the same, to the bit, on machines that agree in all of it.
struct MachineRecipe {
  std::string instructions;  ///< the processor's, as far as kernels choose by them: "avx2 avx512f"
  int64_t threads = 0;
  std::string libtorch;      ///< its version
};

/// Names of files and folders are without the folders that they lie in: pictures are shown to strangers.
struct Recipe {
  /// Whole: `scheduler` is a plugin's id, `scheduler_options` all that differ from its defaults or from what the
  /// model's files say, whoever set them.
  GenerateRequest request;
  std::string sampler;        ///< the scheduler's display name, such as "Some Sampler Karras"; "" when it has none
  std::string schedule_type;  ///< the last words of `sampler` that say how steps are spread: "Karras"; "" for none
  /// Of request.scheduler_options those that neither `sampler` stands for nor the model's own files say: for texts that
  /// begin with the display name. Not written as JSON.
  Json further_options = Json::object();
  std::string model_sha256;   ///< 64 small hex digits (see RecipeBook), or the first ten of them; "" when not known
  std::string refiner_sha256; ///< the same of the refiner's
  std::map<std::string, PartRecipe> parts;  ///< "text_encoder", "unet", "vae": those that the configuration changed
  std::vector<std::string> lora_sha256;     ///< of the files of request.loras, in their order; may be shorter
  std::map<std::string, std::string> embedding_sha256;  ///< of textual inversions that the prompts name, by their names
  std::string backend;                      ///< a plugin's id; "" when not known
  Json backend_options = Json::object();    ///< those that differ from its defaults
  std::string dtype;                        ///< that it computed in, for people: "float32"
  MachineRecipe machine;
  std::string version;  ///< ALICE's
};

/// write_generate_request() and "made_with": {"version", "sampler", "schedule_type", "model": {"sha256"}, "refiner":
/// the same, "parts": {"vae": {"plugin", "options", "source", "sha256"}}, "loras": [{"name", "sha256"}], "embeddings":
/// the same, "backend": {"plugin", "options", "dtype"}, "machine": {"instructions", "threads", "libtorch"}}.
Json write_recipe(const Recipe& recipe);
/// Its reverse; an object without "made_with" is a request alone. Throws one Error(bad_request) with every fault;
/// places are JSON pointers behind `place`.
Recipe read_recipe(const Json& object, const std::string& place);

/// What may change a picture's bytes when `recorded` is drawn as `now`, a sentence each: another model, VAE or LoRA
/// under the same name, another backend, processor, number of threads or version. What is not known of either is passed
/// over. The words of the requests are not compared.
std::vector<std::string> differences(const Recipe& recorded, const Recipe& now);

/// For people: a line for each thing that is said.
std::string recipe_text(const Recipe& recipe);

}  // namespace alice
