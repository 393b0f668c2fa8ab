#pragma once
// Writing .safetensors files.

#include <filesystem>
#include <map>
#include <string>

#include "core/api/tensor.h"

namespace alice {

/// Writes `tensors` (any shape, any device, of a dtype that DType knows) and `metadata` to `file`, whole or not at all
/// (see AtomicFile). Data is laid out by falling element size, then by name, so that every tensor is aligned; the same
/// input gives the same bytes. Strings that are no UTF-8 have U+FFFD in place of what is wrong. Throws
/// Error(unsupported) for another dtype or the name __metadata__, Error(not_found | internal) when the file cannot be
/// written.
void write_safetensors(const std::filesystem::path& file, const std::map<std::string, Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace alice
