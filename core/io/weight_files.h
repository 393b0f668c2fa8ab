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

/// diffusion_pytorch_model or model, whole or in shards, of a variant ("" for files without one):
/// x.VARIANT.safetensors, x.safetensors.index.VARIANT.json, or as older software has it
/// x.safetensors.VARIANT.index.json.
WeightFiles weights_of_variant(const FilesByName& files, const std::string& variant);

/// The variants that there are, in the order in which they are taken when none is asked for: none, fp16, bf16, fp32,
/// then others by name.
std::vector<std::string> variants_in(const FilesByName& files);

/// Does a file of this name hold weights, in whatever format?
bool holds_weights(const std::string& name);

/// Why a folder without safetensors cannot be used: it is ONNX's, OpenVINO's, Flax', a pickle. The file that tells, and
/// the sentence; both empty when nothing of the kind is in it.
struct OtherFormat {
  std::string name, sentence;
};
OtherFormat other_format_in(const FilesByName& files);

}  // namespace alice
