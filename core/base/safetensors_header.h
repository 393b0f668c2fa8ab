#pragma once
// The header of a .safetensors file (format: huggingface/safetensors, README "Format"), checked in full before anything
// of it is believed.

#include <filesystem>
#include <string_view>

#include "core/base/tensor_index.h"

namespace alice {

/// Reads the header of `file`: 8 bytes of little-endian length, that many bytes of JSON, then data. Reads no tensor
/// data, and takes time in proportion to the header. Checked: the length against the file's size and 16 MB; what
/// read_safetensors_entries() checks; each tensor's shape (product within 2^62 with zeros counted as ones); that its
/// byte range lies in the file and has the size that dtype and shape ask for (of a dtype that is not known, the range
/// alone); that the ranges fill the data with no overlap, no hole and nothing behind the last, as the format demands.
/// Throws Error(not_found) when there is no such file, else Error(bad_weights) naming file and tensor; a Git LFS
/// pointer, a web page and the like are called what they are. Any thread.
TensorIndex read_safetensors_header(const std::filesystem::path& file);

/// The same from memory: `head` is the file's first bytes (at least 8 + header length of them, or the whole file when
/// it is shorter), `file_size` its whole size, `place` names it in errors.
TensorIndex parse_safetensors_header(std::string_view head, uint64_t file_size, const std::string& place);

}  // namespace alice
