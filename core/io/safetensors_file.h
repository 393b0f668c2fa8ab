#pragma once
// Tensors of .safetensors files: one file, or the shards of one model part.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/api/weights.h"
#include "core/io/mapped_file.h"

namespace alice {

/// Memory-mapped: opening reads the headers only, and a tensor's bytes are read from the disk when they are first used.
/// Immutable; any thread. A file that is truncated while it is open ends the process by SIGBUS (see MappedFile).
class SafetensorsFile : public WeightSource {
 public:
  /// Throws as read_safetensors_header() does.
  static std::shared_ptr<const SafetensorsFile> open(const std::filesystem::path& file);
  /// Several files as one source; `place` names them together in messages. Of metadata that differs the first file's
  /// counts. Throws Error(bad_weights) also for a tensor that is in two of them, or for no files at all.
  static std::shared_ptr<const SafetensorsFile> open_shards(const std::vector<std::filesystem::path>& files,
                                                            const std::string& place);

  const TensorIndex& index() const override { return index_; }
  /// See WeightSource. Contiguous, on the CPU. A view into the mapping, never to be written to (that ends the process);
  /// a copy where the file does not align the data for its dtype, of F8_E4M3 and F8_E5M2 (as float16, exactly), and of
  /// BOOL, whose bytes may be other than 0 and 1 (true then). Throws Error(bad_weights) also for a dtype that is not
  /// known, and Error(unsupported) for a weight of eight bits that has a scale beside it.
  Tensor tensor(const std::string& name) const override;

 private:
  SafetensorsFile() = default;

  TensorIndex index_;
  std::vector<std::shared_ptr<const MappedFile>> mappings_;  // one for each of index_.files
};

}  // namespace alice
