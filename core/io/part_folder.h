#pragma once
// One part of a model in a folder of its own, as diffusers and transformers save it.

#include <filesystem>
#include <string>
#include <vector>

#include "core/api/weights.h"
#include "core/io/weight_files.h"

namespace alice {

/// Opens config.json and the weights of `folder`: diffusion_pytorch_model or model, each as one .safetensors file or as
/// shards with a .safetensors.index.json; only without those diffusion_pytorch_model or pytorch_model in .bin files, in
/// the same ways. Files of another precision bear a variant in their names (x.fp16.safetensors): `variant` is looked
/// for first, then files without one, then variants_in(). Every other file becomes an asset. Links are followed. Tensor
/// data is not read. What is passed over is added to `warnings`, when there are such. Throws Error(not_found) when
/// there is no such folder; Error(unsupported) when its weights are in another format only (ONNX, OpenVINO, ...);
/// Error(bad_weights) naming the file when it holds no weights, config.json is no JSON object, the index names a file
/// outside the folder or that is not there, or the index and its shards disagree; and as open_tensors() does. Any
/// thread.
ModelFiles open_part_folder(const std::filesystem::path& folder, const std::string& variant = "",
                            std::vector<Fault>* warnings = nullptr);

/// Links are followed. What cannot be examined (no permission, a name that is too long) is not there.
bool is_there(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);

/// The files of a folder by name, folders in it left out. Throws Error(not_found).
FilesByName files_in(const std::filesystem::path& folder);

/// Reads a JSON file of at most 4 MB that must hold an object. Throws as read_json_file() does, and Error(bad_weights)
/// for another type.
Json read_json_object(const std::filesystem::path& file);

}  // namespace alice
