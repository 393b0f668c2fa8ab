#pragma once
// Which files are taken for weights, by their names: only for lists and for the ids in them. What a file is, its first
// bytes say (core/io/open_tensors.h).

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace alice {

/// ".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf": of two files that would have one id, the earlier one's gets
/// it.
const std::vector<std::string>& tensor_endings();

/// The place of a file's ending in tensor_endings(), in whatever letters; their number when it is none of them, or
/// nothing stands before it.
size_t rank_of_tensor_file(std::string_view name);

/// `name` without such an ending; "" when it has none or is nothing else.
std::string without_tensor_ending(const std::string& name);

/// The first file that there is of `stem` with one of the endings; empty without.
std::filesystem::path tensor_file_of(const std::filesystem::path& stem);

}  // namespace alice
