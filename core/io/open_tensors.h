#pragma once
// Files of tensors, of whatever format: told by their first bytes, never by their names.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/api/weights.h"

namespace alice {

struct OpenedTensors {
  std::shared_ptr<const WeightSource> weights;
  std::vector<Fault> warnings;  ///< what was passed over
};

/// Opens a file of safetensors, of PyTorch's (a zip archive, or pickles) or of GGUF. Only its head is read; its tensors
/// are mapped. Throws as MappedFile::open() does; Error(bad_weights) or Error(unsupported) naming the file for one that
/// is damaged, cut off, of another format, or asks for what no file of tensors needs. Any thread.
OpenedTensors open_tensors(const std::filesystem::path& file);

/// Several files as one source; `place` names them together in messages. Of metadata that differs the first file's
/// counts. Throws Error(bad_weights) also for a tensor that is in two of them, or for no files at all.
OpenedTensors open_shards(const std::vector<std::filesystem::path>& files, const std::string& place);

}  // namespace alice
