#pragma once
// Which LoRAs there are.

#include <filesystem>
#include <map>
#include <string>

namespace alice {

/// The LoRA files of a folder ("<models>/loras"), four levels deep, by id: the path below the folder without
/// its ending, "style/deep". Files are those with one of tensor_endings(), in whatever letters. A file whose id is
/// taken (x.SAFETENSORS or x.pt beside x.safetensors) keeps its ending. Nothing is opened.
std::map<std::string, std::filesystem::path> list_loras(const std::filesystem::path& folder);

}  // namespace alice
