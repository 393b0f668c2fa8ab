#pragma once
// The header of a .safetensors file (format: huggingface/safetensors, README "Format"), checked in full before anything of it
// is believed.

#include <filesystem>
#include <string_view>

#include "core/base/tensor_index.h"

namespace alice {

/// Reads the header of `file`: 8 bytes of little-endian length, that many bytes of JSON, then data. Reads no tensor data.
/// Checked: the length against the file's size and 100 MB, JSON, each tensor's dtype, shape (no negative, product within
/// 2^62), that its byte range lies in the data, has the size that dtype and shape ask for, and overlaps no other; names that
/// stand twice. Throws Error(not_found) when the file cannot be opened, Error(bad_weights) naming file and tensor otherwise.
TensorIndex read_safetensors_header(const std::filesystem::path& file);

/// The same from memory: `head` is the file's first bytes (at least 8 + header length of them, or the whole file when it is
/// shorter), `file_size` its whole size, `place` names it in errors.
TensorIndex parse_safetensors_header(std::string_view head, uint64_t file_size, const std::string& place);

}  // namespace alice
