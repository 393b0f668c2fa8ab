#pragma once
// The header of a .safetensors file (format: huggingface/safetensors, README "Format"), checked in full before anything
// of it is believed.

#include <filesystem>
#include <string_view>

#include "core/base/tensor_index.h"

namespace alice {

/// Reads the header of `file`: 8 bytes of little-endian length, that many bytes of JSON, then data. Reads no tensor
/// data. Checked: the length against the file's size and 100 MB; that the JSON begins with '{', is no deeper than the
/// format, and no name stands twice in an object; each tensor's dtype and shape (at most 64 sides, none negative,
/// product within 2^62 with zeros counted as ones); that its byte range has the size that dtype and shape ask for; that
/// the ranges fill the data with no overlap, no hole and nothing behind the last, as the format demands. Throws
/// Error(not_found) when the file cannot be opened or is no regular file, Error(bad_weights) naming file and tensor
/// otherwise. Any thread.
TensorIndex read_safetensors_header(const std::filesystem::path& file);

/// The same from memory: `head` is the file's first bytes (at least 8 + header length of them, or the whole file when
/// it is shorter), `file_size` its whole size, `place` names it in errors.
TensorIndex parse_safetensors_header(std::string_view head, uint64_t file_size, const std::string& place);

}  // namespace alice
