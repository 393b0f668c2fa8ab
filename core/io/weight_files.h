#pragma once
// Which of a part's files hold its weights, by their names.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace alice {

/// The files of a folder by name.
using FilesByName = std::map<std::string, std::filesystem::path>;

/// One way in which a folder has weights: a file, or an index of shards.
struct WeightFiles {
  std::filesystem::path file;
  bool is_index = false;
  bool is_there() const { return !file.empty(); }
};

enum class WeightForm {
  safetensors,  ///< diffusion_pytorch_model or model, ".safetensors"
  pickles,      ///< diffusion_pytorch_model or pytorch_model, ".bin"
};

/// The weights in one form, whole or in shards, of a variant ("" for files without one): x.VARIANT.safetensors,
/// x.safetensors.index.VARIANT.json, or as older software has it x.safetensors.VARIANT.index.json; likewise of ".bin".
WeightFiles weights_of_variant(const FilesByName& files, WeightForm form, const std::string& variant);

/// The variants that there are, in the order in which they are taken when none is asked for: none, fp16, bf16, fp32,
/// then others by name.
std::vector<std::string> variants_in(const FilesByName& files, WeightForm form);

/// Does a file of this name hold weights, in whatever format?
bool holds_weights(const std::string& name);

/// Why a folder without such weights cannot be used: it is ONNX's, OpenVINO's, Flax'. The file that tells, and the
/// sentence; both empty when nothing of the kind is in it.
struct OtherFormat {
  std::string name, sentence;
};
OtherFormat other_format_in(const FilesByName& files);

}  // namespace alice
